package main

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// writer writes facts in the form that bench/facts.py describes; a nil writer writes nothing.
type writer struct {
	file *os.File
	*bufio.Writer
	of string
}

func create(path string) *writer {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	check(err)
	return &writer{file: file, Writer: bufio.NewWriterSize(file, 1<<20)}
}

func (w *writer) close() {
	if w != nil {
		check(w.Flush())
		check(w.file.Close())
	}
}

var escapes = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")

func (w *writer) put(fact string, values ...interface{}) {
	_, _ = w.WriteString(w.of + "\t" + escapes.Replace(fact))
	for _, v := range values {
		_, _ = w.WriteString("\t" + escapes.Replace(text(v)))
	}
	_ = w.WriteByte('\n')
}

// text is a value as every peer writes it; what is unset, empty or 0 where 0 means unset is "-".
func text(value interface{}) string {
	out := ""
	switch v := value.(type) {
	case nil:
	case string:
		out = v
	case bool:
		return strconv.FormatBool(v)
	case *bool:
		if v != nil {
			return strconv.FormatBool(*v)
		}
	case *int64:
		if v != nil {
			out = strconv.FormatInt(*v, 10)
		}
	case []string:
		out = strings.Join(v, ",")
	case []types.ManagedObjectReference:
		names := make([]string, len(v))
		for i, r := range v {
			names[i] = r.Value
		}
		sort.Strings(names)
		out = strings.Join(names, ",")
	case *types.ManagedObjectReference:
		if v != nil {
			out = v.Value
		}
	case time.Time:
		return strconv.FormatInt(v.UnixNano()/1000, 10)
	default:
		out = fmt.Sprint(v)
	}
	if out == "" {
		return "-"
	}
	return out
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func kind(v interface{}) string { return path.Base(reflect.TypeOf(v).Elem().Name()) }

func (w *writer) guests(found []mo.VirtualMachine) {
	if w == nil {
		return
	}
	for i := range found {
		w.of = found[i].Self.Value
		w.guest(&found[i])
	}
}

func (w *writer) guest(g *mo.VirtualMachine) {
	c, r := g.Config, g.Runtime
	w.put("guest", g.Name, r.Host, g.ResourcePool, g.Datastore)
	w.put("config", c.Template, c.Uuid, c.InstanceUuid, c.GuestFullName, c.GuestId, c.Version, c.Modified, c.ChangeVersion,
		c.Annotation, c.Files.VmPathName, c.Hardware.NumCPU, c.Hardware.MemoryMB, number(int64(c.MaxMksConnections)))
	w.put("runtime", string(r.PowerState), string(r.ConnectionState), r.NumMksConnections, number(int64(r.MaxCpuUsage)))
	w.allocation("cpu", c.CpuAllocation)
	w.allocation("memory", c.MemoryAllocation)
	for _, o := range c.ExtraConfig {
		w.put("extra "+o.GetOptionValue().Key, o.GetOptionValue().Value)
	}
	for _, d := range c.Hardware.Device {
		w.device(d)
	}
	if g.Guest != nil {
		w.put("tools", g.Guest.HostName, string(g.Guest.ToolsStatus), g.Guest.ToolsVersionStatus2)
		for i, n := range g.Guest.Net {
			w.put(fmt.Sprint("net ", i), n.Network, strings.ToLower(n.MacAddress), addresses(n))
		}
	}
	w.custom(g.CustomValue)
}

func (w *writer) allocation(name string, a *types.ResourceAllocationInfo) {
	w.put(name, a.Reservation, a.Limit, a.Shares.Shares, string(a.Shares.Level))
}

func (w *writer) device(base types.BaseVirtualDevice) {
	d := base.GetVirtualDevice()
	label, connected, start := "", interface{}(nil), interface{}(nil)
	if d.DeviceInfo != nil {
		label = d.DeviceInfo.GetDescription().Label
	}
	if d.Connectable != nil {
		connected, start = d.Connectable.Connected, d.Connectable.StartConnected
	}
	w.put(fmt.Sprint("device ", d.Key), kind(base), label, connected, start)
	if card, ok := base.(types.BaseVirtualEthernetCard); ok {
		standard, distributed := "", ""
		switch b := d.Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			standard = b.DeviceName
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			distributed = b.Port.PortgroupKey
		}
		w.put(fmt.Sprint("nic ", d.Key), strings.ToLower(card.GetVirtualEthernetCard().MacAddress), standard, distributed)
	}
}

func addresses(n types.GuestNicInfo) []string {
	if n.IpConfig == nil || len(n.IpConfig.IpAddress) == 0 {
		return n.IpAddress
	}
	var out []string
	for _, a := range n.IpConfig.IpAddress {
		out = append(out, fmt.Sprintf("%s/%d", a.IpAddress, a.PrefixLength))
	}
	return out
}

func (w *writer) custom(values []types.BaseCustomFieldValue) {
	var out []string
	for _, v := range values {
		if s, ok := v.(*types.CustomFieldStringValue); ok {
			out = append(out, s.Value)
		}
	}
	w.put("custom", out)
}

func (w *writer) hosts(found []mo.HostSystem) {
	if w == nil {
		return
	}
	for i := range found {
		w.of = found[i].Self.Value
		w.host(&found[i])
	}
}

func (w *writer) host(h *mo.HostSystem) {
	c, p, m := h.Config, h.Summary.Config.Product, h.Summary.Hardware
	w.put("host", h.Name, string(h.Runtime.ConnectionState), h.Runtime.InMaintenanceMode, h.Vm, h.Datastore)
	w.put("product", p.Name, p.Version, p.Build, p.ProductLineId, p.ApiVersion, p.FullName)
	w.put("hardware", m.Vendor, m.Model, m.Uuid, m.CpuMhz, m.NumCpuCores, m.MemorySize)
	w.put("lockdown", c.AdminDisabled, string(c.LockdownMode))
	w.tpm(h)
	for _, o := range c.Option {
		w.put("option "+o.GetOptionValue().Key, o.GetOptionValue().Value)
	}
	for _, s := range c.Service.Service {
		w.put("service "+s.Key, s.Running, s.Policy, s.Label)
	}
	w.firewall(c.Firewall)
	w.network(c.Network)
	for _, n := range c.VirtualNicManagerInfo.NetConfig {
		devices := map[string]string{}
		for _, v := range n.CandidateVnic {
			devices[v.Key] = v.Device
		}
		var chosen []string
		for _, key := range n.SelectedVnic {
			device := devices[key]
			if device == "" {
				device = key[strings.LastIndexByte(key, '-')+1:]
			}
			chosen = append(chosen, device)
		}
		w.put("carries "+n.NicType, chosen)
	}
	w.put("vmotion", c.Vmotion.NetConfig.SelectedVnic)
	if c.DateTimeInfo != nil && c.DateTimeInfo.NtpConfig != nil {
		w.put("ntp", c.DateTimeInfo.NtpConfig.Server)
	}
	w.put("software iscsi", c.StorageDevice.SoftwareInternetScsiEnabled)
	for _, a := range c.StorageDevice.HostBusAdapter {
		if hba, ok := a.(*types.HostInternetScsiHba); ok {
			w.iscsi(hba)
		}
	}
	w.custom(h.CustomValue)
}

func (w *writer) tpm(h *mo.HostSystem) {
	supported, version, status := interface{}(nil), "", ""
	if h.Capability != nil {
		supported, version = h.Capability.TpmSupported, h.Capability.TpmVersion
	}
	if a := h.Summary.TpmAttestation; a != nil {
		status = string(a.Status)
	}
	w.put("tpm", supported, version, status)
}

func (w *writer) firewall(f *types.HostFirewallInfo) {
	if f == nil {
		return
	}
	w.put("firewall", f.DefaultPolicy.IncomingBlocked, f.DefaultPolicy.OutgoingBlocked)
	for _, r := range f.Ruleset {
		var ports, hosts []string
		for _, p := range r.Rule {
			end := p.EndPort
			if end == 0 {
				end = p.Port
			}
			ports = append(ports, fmt.Sprintf("%s %s %d-%d", p.Direction, p.Protocol, p.Port, end))
		}
		all := interface{}(nil)
		if a := r.AllowedHosts; a != nil {
			all, hosts = a.AllIp, append(hosts, a.IpAddress...)
			for _, n := range a.IpNetwork {
				hosts = append(hosts, fmt.Sprintf("%s/%d", n.Network, n.PrefixLength))
			}
		}
		w.put("ruleset "+r.Key, r.Enabled, ports, all, hosts, r.Label)
	}
}

func (w *writer) network(n *types.HostNetworkInfo) {
	for _, p := range n.Pnic {
		speed := ""
		if p.LinkSpeed != nil {
			speed = fmt.Sprint(p.LinkSpeed.SpeedMb)
		}
		w.put("pnic "+p.Device, strings.ToLower(p.Mac), speed, p.Driver)
	}
	for _, s := range n.Vswitch {
		var uplinks []string
		if b, ok := s.Spec.Bridge.(*types.HostVirtualSwitchBondBridge); ok {
			uplinks = b.NicDevice
		}
		w.put("switch "+s.Name, append([]interface{}{uplinks}, security(s.Spec.Policy)...)...)
	}
	for _, g := range n.Portgroup {
		var uplinks []string
		if t := g.ComputedPolicy.NicTeaming; t != nil && t.NicOrder != nil {
			uplinks = append(append(uplinks, t.NicOrder.ActiveNic...), t.NicOrder.StandbyNic...)
		}
		w.put("port group "+g.Spec.Name, append([]interface{}{g.Spec.VswitchName, g.Spec.VlanId, uplinks}, security(&g.ComputedPolicy)...)...)
	}
	for _, v := range append(append([]types.HostVirtualNic(nil), n.Vnic...), n.ConsoleVnic...) {
		address, mask := "", ""
		if v.Spec.Ip != nil {
			address, mask = v.Spec.Ip.IpAddress, v.Spec.Ip.SubnetMask
		}
		w.put("vmkernel "+v.Device, v.Portgroup, address, mask)
	}
	w.put("dns", n.DnsConfig.GetHostDnsConfig().Address)
}

func security(p *types.HostNetworkPolicy) []interface{} {
	if p == nil || p.Security == nil {
		return []interface{}{nil, nil, nil}
	}
	return []interface{}{p.Security.AllowPromiscuous, p.Security.MacChanges, p.Security.ForgedTransmits}
}

func (w *writer) iscsi(a *types.HostInternetScsiHba) {
	w.put("iscsi "+a.Device, append([]interface{}{a.IScsiName, a.IsSoftwareBased}, chap(&a.AuthenticationProperties)...)...)
	for i, t := range a.ConfiguredSendTarget {
		w.put(fmt.Sprint("send target ", i), append([]interface{}{t.Address, t.Port, ""}, chap(t.AuthenticationProperties)...)...)
	}
	for i, t := range a.ConfiguredStaticTarget {
		w.put(fmt.Sprint("static target ", i), append([]interface{}{t.Address, t.Port, t.IScsiName}, chap(t.AuthenticationProperties)...)...)
	}
}

func chap(p *types.HostInternetScsiHbaAuthenticationProperties) []interface{} {
	if p == nil {
		return []interface{}{nil, nil, nil, nil}
	}
	return []interface{}{p.ChapAuthEnabled, p.ChapName, p.ChapAuthenticationType, p.MutualChapAuthenticationType}
}
