package main

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Standard switches and port groups of one host. host.config.network is the record; networkInfo reads it.

const (
	switchKey    = "key-vim.host.VirtualSwitch-"
	portgroupKey = "key-vim.host.PortGroup-"
	adapterKey   = "key-vim.host.PhysicalNic-"
)

func init() {
	const kind = "HostNetworkSystem"
	for _, name := range []string{"networkInfo", "dnsConfig", "ipRouteConfig", "consoleIpRouteConfig"} {
		compute(kind, name, networkPart(name))
	}
	on(kind, "UpdateVirtualSwitch", func(c *call, r *types.UpdateVirtualSwitch) (interface{}, error) {
		n := hostFor(c).Config.Network
		v := vswitch(n, r.VswitchName)
		if v == nil {
			return nil, notFound(r.VswitchName)
		}
		return nil, applySwitch(n, v, r.Spec)
	})
	on(kind, "AddVirtualSwitch", func(c *call, r *types.AddVirtualSwitch) (interface{}, error) {
		n := hostFor(c).Config.Network
		if vswitch(n, r.VswitchName) != nil {
			return nil, fail(&types.AlreadyExists{Name: r.VswitchName}, "The switch exists already.")
		}
		v := types.HostVirtualSwitch{Name: r.VswitchName, Key: switchKey + r.VswitchName, NumPorts: 128, NumPortsAvailable: 128, Mtu: 1500}
		spec := types.HostVirtualSwitchSpec{NumPorts: 128}
		if r.Spec != nil {
			spec = *r.Spec
		}
		if spec.Policy == nil {
			spec.Policy = switchDefaults()
		}
		n.Vswitch = append(n.Vswitch, v)
		return nil, applySwitch(n, &n.Vswitch[len(n.Vswitch)-1], spec)
	})
	on(kind, "RemoveVirtualSwitch", func(c *call, r *types.RemoveVirtualSwitch) (interface{}, error) {
		n := hostFor(c).Config.Network
		for i := range n.Vswitch {
			if n.Vswitch[i].Name == r.VswitchName {
				if len(n.Vswitch[i].Portgroup) > 0 {
					return nil, fail(&types.ResourceInUse{Name: r.VswitchName}, "The switch has port groups.")
				}
				n.Vswitch = append(n.Vswitch[:i:i], n.Vswitch[i+1:]...)
				return nil, nil
			}
		}
		return nil, notFound(r.VswitchName)
	})
	on(kind, "AddPortGroup", addPortGroup)
	on(kind, "UpdatePortGroup", func(c *call, r *types.UpdatePortGroup) (interface{}, error) {
		n := hostFor(c).Config.Network
		p := portgroupOf(n, r.PgName)
		if p == nil {
			return nil, notFound(r.PgName)
		}
		if err := checkPortGroup(n, r.Portgrp); err != nil {
			return nil, err
		}
		p.Spec = r.Portgrp
		p.ComputedPolicy = computedPolicy(n, r.Portgrp)
		return nil, nil
	})
	on(kind, "RemovePortGroup", removePortGroup)
	on(kind, "UpdateDnsConfig", func(c *call, r *types.UpdateDnsConfig) (interface{}, error) {
		hostFor(c).Config.Network.DnsConfig = r.Config
		return nil, nil
	})
	reader(kind, "RefreshNetworkSystem", func(c *call, _ *types.RefreshNetworkSystem) (interface{}, error) { return nil, nil })
	reader(kind, "QueryNetworkHint", queryNetworkHint)
}

func networkPart(name string) func(*call, types.ManagedObjectReference) interface{} {
	return func(c *call, ref types.ManagedObjectReference) interface{} {
		n := hostOf[ref.Value].Config.Network
		switch name {
		case "networkInfo":
			return n
		case "dnsConfig":
			return n.DnsConfig
		case "ipRouteConfig":
			return n.IpRouteConfig
		}
		return nil
	}
}

func vswitch(n *types.HostNetworkInfo, name string) *types.HostVirtualSwitch {
	for i := range n.Vswitch {
		if n.Vswitch[i].Name == name {
			return &n.Vswitch[i]
		}
	}
	return nil
}

func portgroupOf(n *types.HostNetworkInfo, name string) *types.HostPortGroup {
	for i := range n.Portgroup {
		if n.Portgroup[i].Spec.Name == name {
			return &n.Portgroup[i]
		}
	}
	return nil
}

func switchDefaults() *types.HostNetworkPolicy {
	return &types.HostNetworkPolicy{Security: &types.HostNetworkSecurityPolicy{AllowPromiscuous: types.NewBool(false),
		ForgedTransmits: types.NewBool(true), MacChanges: types.NewBool(true)}}
}

// applySwitch sets a switch's specification: its uplinks must exist and be free, its port groups inherit again.
func applySwitch(n *types.HostNetworkInfo, v *types.HostVirtualSwitch, spec types.HostVirtualSwitchSpec) error {
	if bond, ok := spec.Bridge.(*types.HostVirtualSwitchBondBridge); ok {
		var keys []string
		for _, device := range bond.NicDevice {
			found := false
			for _, p := range n.Pnic {
				found = found || p.Device == device
			}
			if !found {
				return notFound(device)
			}
			for i := range n.Vswitch {
				if o := &n.Vswitch[i]; o.Name != v.Name && contains(o.Pnic, adapterKey+device) {
					return fail(&types.ResourceInUse{Name: device}, "The adapter "+device+" belongs to "+o.Name)
				}
			}
			keys = append(keys, adapterKey+device)
		}
		v.Pnic = keys
	}
	if spec.Policy == nil {
		spec.Policy = v.Spec.Policy
	} else if v.Spec.Policy != nil {
		spec.Policy = overlay(v.Spec.Policy, spec.Policy)
	}
	v.Spec = spec
	if spec.Mtu != 0 {
		v.Mtu = spec.Mtu
	}
	for i := range n.Portgroup {
		if p := &n.Portgroup[i]; p.Spec.VswitchName == v.Name {
			p.ComputedPolicy = computedPolicy(n, p.Spec)
		}
	}
	return nil
}

func checkPortGroup(n *types.HostNetworkInfo, spec types.HostPortGroupSpec) error {
	if spec.VlanId < 0 || spec.VlanId > 4095 {
		return invalidArgument("portgrp.vlanId")
	}
	if spec.Name == "" {
		return invalidArgument("portgrp.name")
	}
	if vswitch(n, spec.VswitchName) == nil {
		return notFound(spec.VswitchName)
	}
	return nil
}

// computedPolicy is a port group's own policy over its switch's.
func computedPolicy(n *types.HostNetworkInfo, spec types.HostPortGroupSpec) types.HostNetworkPolicy {
	base := &types.HostNetworkPolicy{}
	if v := vswitch(n, spec.VswitchName); v != nil && v.Spec.Policy != nil {
		base = v.Spec.Policy
	}
	return *overlay(base, &spec.Policy)
}

// overlay lays the set parts of one policy on another.
func overlay(base, over *types.HostNetworkPolicy) *types.HostNetworkPolicy {
	out := *base
	if o := over.Security; o != nil {
		s := types.HostNetworkSecurityPolicy{}
		if base.Security != nil {
			s = *base.Security
		}
		for _, f := range []struct {
			to   **bool
			from *bool
		}{{&s.AllowPromiscuous, o.AllowPromiscuous}, {&s.ForgedTransmits, o.ForgedTransmits}, {&s.MacChanges, o.MacChanges}} {
			if f.from != nil {
				*f.to = f.from
			}
		}
		out.Security = &s
	}
	if over.NicTeaming != nil {
		out.NicTeaming = over.NicTeaming
	}
	if over.ShapingPolicy != nil {
		out.ShapingPolicy = over.ShapingPolicy
	}
	if over.OffloadPolicy != nil {
		out.OffloadPolicy = over.OffloadPolicy
	}
	return &out
}

func addPortGroup(c *call, r *types.AddPortGroup) (interface{}, error) {
	h := hostFor(c)
	n := h.Config.Network
	if portgroupOf(n, r.Portgrp.Name) != nil {
		return nil, fail(&types.AlreadyExists{Name: r.Portgrp.Name}, "The port group exists already.")
	}
	if err := checkPortGroup(n, r.Portgrp); err != nil {
		return nil, err
	}
	n.Portgroup = append(n.Portgroup, types.HostPortGroup{Key: portgroupKey + r.Portgrp.Name, Vswitch: switchKey + r.Portgrp.VswitchName,
		Spec: r.Portgrp, ComputedPolicy: computedPolicy(n, r.Portgrp)})
	v := vswitch(n, r.Portgrp.VswitchName)
	v.Portgroup = append(v.Portgroup, portgroupKey+r.Portgrp.Name)
	shareNetwork(h, r.Portgrp.Name)
	return nil, nil
}

// shareNetwork joins the datacenter's network of that name, made when it is the first.
func shareNetwork(h *simulator.HostSystem, name string) {
	folder := networkFolder(h)
	for _, ref := range folder.ChildEntity {
		if n, ok := find[*mo.Network](ref); ok && n.Name == name {
			n.Host = append(n.Host, h.Self)
			h.Network = append(h.Network, ref)
			return
		}
	}
	n := &mo.Network{}
	n.Self = types.ManagedObjectReference{Type: "Network", Value: "network-" + h.Self.Value + "-" + itoa(len(folder.ChildEntity))}
	n.Name, n.ManagedEntity.Name = name, name
	n.Summary = &types.NetworkSummary{Network: &n.Self, Name: name, Accessible: true}
	n.Host = []types.ManagedObjectReference{h.Self}
	n.Parent = &folder.Self
	simulator.Map.Put(n)
	folder.ChildEntity = append(folder.ChildEntity, n.Self)
	h.Network = append(h.Network, n.Self)
}

func networkFolder(h *simulator.HostSystem) *simulator.Folder {
	for at := h.Parent; at != nil; at = parentOf(*at) {
		if dc, ok := find[*simulator.Datacenter](*at); ok {
			f, _ := find[*simulator.Folder](dc.NetworkFolder)
			return f
		}
	}
	return nil
}

func removePortGroup(c *call, r *types.RemovePortGroup) (interface{}, error) {
	h := hostFor(c)
	n := h.Config.Network
	for i := range n.Portgroup {
		if n.Portgroup[i].Spec.Name != r.PgName {
			continue
		}
		if used := usedBy(h, r.PgName); used != "" {
			return nil, fail(&types.ResourceInUse{Name: r.PgName}, "The port group is in use by "+used)
		}
		v := vswitch(n, n.Portgroup[i].Spec.VswitchName)
		if v != nil {
			v.Portgroup = drop(v.Portgroup, portgroupKey+r.PgName)
		}
		n.Portgroup = append(n.Portgroup[:i:i], n.Portgroup[i+1:]...)
		for _, ref := range networkFolder(h).ChildEntity {
			if net, ok := find[*mo.Network](ref); ok && net.Name == r.PgName {
				net.Host = without(net.Host, []types.ManagedObjectReference{h.Self})
				h.Network = without(h.Network, []types.ManagedObjectReference{ref})
			}
		}
		return nil, nil
	}
	return nil, notFound(r.PgName)
}

func drop(list []string, s string) []string {
	var out []string
	for _, x := range list {
		if x != s {
			out = append(out, x)
		}
	}
	return out
}

// usedBy names what stands on a port group of a host: a kernel interface or a guest.
func usedBy(h *simulator.HostSystem, name string) string {
	for _, v := range append(append([]types.HostVirtualNic(nil), h.Config.Network.Vnic...), h.Config.Network.ConsoleVnic...) {
		if v.Portgroup == name {
			return v.Device
		}
	}
	for _, ref := range h.Vm {
		vm, ok := find[*simulator.VirtualMachine](ref)
		if !ok {
			continue
		}
		for _, net := range vm.Network {
			if n, ok := find[*mo.Network](net); ok && n.Name == name {
				return vm.Name
			}
		}
	}
	return ""
}

func queryNetworkHint(c *call, r *types.QueryNetworkHint) (interface{}, error) {
	n := hostFor(c).Config.Network
	out := []types.PhysicalNicHintInfo{}
	for _, p := range n.Pnic {
		if len(r.Device) > 0 && !contains(r.Device, p.Device) {
			continue
		}
		hint := types.PhysicalNicHintInfo{Device: p.Device}
		for _, v := range n.Vswitch {
			if !contains(v.Pnic, p.Key) {
				continue
			}
			for _, pg := range n.Portgroup {
				if pg.Spec.VswitchName == v.Name && pg.Spec.VlanId > 0 && pg.Spec.VlanId < 4095 {
					hint.Network = append(hint.Network, types.PhysicalNicNameHint{PhysicalNicHint: types.PhysicalNicHint{VlanId: pg.Spec.VlanId},
						Network: strings.ReplaceAll(pg.Spec.Name, " ", "-")})
				}
			}
		}
		out = append(out, hint)
	}
	return out, nil
}
