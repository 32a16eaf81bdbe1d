package main

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// Kernel interfaces and the services (management, vMotion ...) that they carry.

func init() {
	const kind = "HostVirtualNicManager"
	compute(kind, "info", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.VirtualNicManagerInfo
	})
	reader(kind, "QueryNetConfig", func(c *call, r *types.QueryNetConfig) (interface{}, error) {
		n, err := netConfig(c, r.NicType)
		if err != nil {
			return nil, err
		}
		return *n, nil
	})
	on(kind, "SelectVnicForNicType", func(c *call, r *types.SelectVnicForNicType) (interface{}, error) {
		n, err := netConfig(c, r.NicType)
		if err != nil {
			return nil, err
		}
		for _, v := range n.CandidateVnic {
			if v.Device == r.Device {
				key := r.NicType + "." + v.Key
				if !n.MultiSelectAllowed {
					n.SelectedVnic = nil
				}
				if !contains(n.SelectedVnic, key) {
					n.SelectedVnic = append(n.SelectedVnic, key)
				}
				mirrorVmotion(c, r.NicType)
				return nil, nil
			}
		}
		return nil, invalidArgument("device")
	})
	on(kind, "DeselectVnicForNicType", func(c *call, r *types.DeselectVnicForNicType) (interface{}, error) {
		n, err := netConfig(c, r.NicType)
		if err != nil {
			return nil, err
		}
		for _, key := range n.SelectedVnic {
			if strings.HasSuffix(key, "-"+r.Device) {
				n.SelectedVnic = drop(n.SelectedVnic, key)
				mirrorVmotion(c, r.NicType)
				return nil, nil
			}
		}
		return nil, invalidArgument("device")
	})
	on("HostNetworkSystem", "AddVirtualNic", func(c *call, r *types.AddVirtualNic) (interface{}, error) {
		n := hostFor(c).Config.Network
		if r.Portgroup != "" && portgroupOf(n, r.Portgroup) == nil {
			return nil, notFound(r.Portgroup)
		}
		device := "vmk0"
		for i := 0; taken(n.Vnic, device); i++ {
			device = "vmk" + itoa(i)
		}
		v := types.HostVirtualNic{Device: device, Key: "key-vim.host.VirtualNic-" + device, Portgroup: r.Portgroup, Spec: r.Nic}
		v.Spec.Portgroup = r.Portgroup
		n.Vnic = append(n.Vnic, v)
		if m := hostFor(c).Config.VirtualNicManagerInfo; m != nil {
			for i := range m.NetConfig {
				m.NetConfig[i].CandidateVnic = append(m.NetConfig[i].CandidateVnic, v)
			}
		}
		return device, nil
	})
	on("HostNetworkSystem", "UpdateVirtualNic", func(c *call, r *types.UpdateVirtualNic) (interface{}, error) {
		n := hostFor(c).Config.Network
		for i := range n.Vnic {
			v := &n.Vnic[i]
			if v.Device != r.Device {
				continue
			}
			if r.Nic.Portgroup != "" {
				if portgroupOf(n, r.Nic.Portgroup) == nil {
					return nil, notFound(r.Nic.Portgroup)
				}
				v.Portgroup, v.Spec.Portgroup = r.Nic.Portgroup, r.Nic.Portgroup
			}
			if r.Nic.Ip != nil {
				v.Spec.Ip = r.Nic.Ip
			}
			if r.Nic.Mtu != 0 {
				v.Spec.Mtu = r.Nic.Mtu
			}
			return nil, nil
		}
		return nil, notFound(r.Device)
	})
	on("HostNetworkSystem", "RemoveVirtualNic", func(c *call, r *types.RemoveVirtualNic) (interface{}, error) {
		n := hostFor(c).Config.Network
		for i := range n.Vnic {
			if n.Vnic[i].Device == r.Device {
				n.Vnic = append(n.Vnic[:i:i], n.Vnic[i+1:]...)
				return nil, nil
			}
		}
		return nil, notFound(r.Device)
	})
}

func taken(nics []types.HostVirtualNic, device string) bool {
	for _, v := range nics {
		if v.Device == device {
			return true
		}
	}
	return false
}

func netConfig(c *call, nicType string) (*types.VirtualNicManagerNetConfig, error) {
	if m := hostFor(c).Config.VirtualNicManagerInfo; m != nil {
		for i := range m.NetConfig {
			if m.NetConfig[i].NicType == nicType {
				return &m.NetConfig[i], nil
			}
		}
	}
	return nil, invalidArgument("nicType")
}

// mirrorVmotion keeps config.vmotion in step with the selection.
func mirrorVmotion(c *call, nicType string) {
	h := hostFor(c)
	if nicType != "vmotion" || h.Config.Vmotion == nil || h.Config.Vmotion.NetConfig == nil {
		return
	}
	n, _ := netConfig(c, nicType)
	h.Config.Vmotion.NetConfig.SelectedVnic = ""
	if len(n.SelectedVnic) > 0 {
		h.Config.Vmotion.NetConfig.SelectedVnic = "VMotionConfig." + n.SelectedVnic[0]
	}
}
