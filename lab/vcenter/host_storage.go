package main

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// Software iSCSI: the adapter, its targets and CHAP. Secrets are taken and never given back.

type chap = types.HostInternetScsiHbaAuthenticationProperties

func iscsiAdapter(c *call, device string) (*types.HostInternetScsiHba, error) {
	if s := hostFor(c).Config.StorageDevice; s != nil {
		for _, a := range s.HostBusAdapter {
			if i, ok := a.(*types.HostInternetScsiHba); ok && i.Device == device {
				return i, nil
			}
		}
	}
	return nil, notFound(device)
}

func init() {
	const kind = "HostStorageSystem"
	compute(kind, "storageDeviceInfo", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.StorageDevice
	})
	compute(kind, "fileSystemVolumeInfo", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.FileSystemVolume
	})
	on(kind, "UpdateSoftwareInternetScsiEnabled", enableSoftwareIscsi)
	on(kind, "UpdateInternetScsiAuthenticationProperties", updateChap)
	on(kind, "AddInternetScsiSendTargets", func(c *call, r *types.AddInternetScsiSendTargets) (interface{}, error) {
		a, err := iscsiAdapter(c, r.IScsiHbaDevice)
		if err != nil {
			return nil, err
		}
		for _, t := range r.Targets {
			if t.Port == 0 {
				t.Port = 3260
			}
			if t.AuthenticationProperties == nil {
				p := a.AuthenticationProperties
				p.ChapInherited, p.MutualChapInherited = types.NewBool(true), types.NewBool(true)
				t.AuthenticationProperties = &p
			}
			t.AuthenticationProperties = unsecret(*t.AuthenticationProperties)
			a.ConfiguredSendTarget = append(a.ConfiguredSendTarget, t)
		}
		return nil, nil
	})
	on(kind, "RemoveInternetScsiSendTargets", func(c *call, r *types.RemoveInternetScsiSendTargets) (interface{}, error) {
		a, err := iscsiAdapter(c, r.IScsiHbaDevice)
		if err != nil {
			return nil, err
		}
		for _, t := range r.Targets {
			i := sendTarget(a, t.Address, t.Port)
			if i < 0 {
				return nil, notFound(t.Address)
			}
			a.ConfiguredSendTarget = append(a.ConfiguredSendTarget[:i:i], a.ConfiguredSendTarget[i+1:]...)
		}
		return nil, nil
	})
	on(kind, "AddInternetScsiStaticTargets", func(c *call, r *types.AddInternetScsiStaticTargets) (interface{}, error) {
		a, err := iscsiAdapter(c, r.IScsiHbaDevice)
		if err != nil {
			return nil, err
		}
		for _, t := range r.Targets {
			if !strings.HasPrefix(t.IScsiName, "iqn.") && !strings.HasPrefix(t.IScsiName, "eui.") {
				return nil, invalidArgument("targets.iScsiName")
			}
			if t.AuthenticationProperties != nil {
				t.AuthenticationProperties = unsecret(*t.AuthenticationProperties)
			}
			a.ConfiguredStaticTarget = append(a.ConfiguredStaticTarget, t)
		}
		return nil, nil
	})
	on(kind, "RemoveInternetScsiStaticTargets", func(c *call, r *types.RemoveInternetScsiStaticTargets) (interface{}, error) {
		a, err := iscsiAdapter(c, r.IScsiHbaDevice)
		if err != nil {
			return nil, err
		}
		for _, t := range r.Targets {
			i := staticTarget(a, t.IScsiName, t.Address)
			if i < 0 {
				return nil, notFound(t.IScsiName)
			}
			a.ConfiguredStaticTarget = append(a.ConfiguredStaticTarget[:i:i], a.ConfiguredStaticTarget[i+1:]...)
		}
		return nil, nil
	})
	on(kind, "RescanHba", func(c *call, r *types.RescanHba) (interface{}, error) { return nil, nil })
	on(kind, "RescanAllHba", func(c *call, r *types.RescanAllHba) (interface{}, error) { return nil, nil })
	on(kind, "RescanVmfs", func(c *call, r *types.RescanVmfs) (interface{}, error) { return nil, nil })
	on(kind, "RefreshStorageSystem", func(c *call, r *types.RefreshStorageSystem) (interface{}, error) { return nil, nil })
}

func enableSoftwareIscsi(c *call, r *types.UpdateSoftwareInternetScsiEnabled) (interface{}, error) {
	h := hostFor(c)
	s := h.Config.StorageDevice
	s.SoftwareInternetScsiEnabled = r.Enabled
	present := false
	for _, a := range s.HostBusAdapter {
		_, ok := a.(*types.HostInternetScsiHba)
		present = present || ok
	}
	if r.Enabled && !present {
		s.HostBusAdapter = append(s.HostBusAdapter, &types.HostInternetScsiHba{
			HostHostBusAdapter: types.HostHostBusAdapter{Key: "key-vim.host.InternetScsiHba-vmhba64", Device: "vmhba64", Status: "online",
				Model: "iSCSI Software Adapter", Driver: "iscsi_vmk"},
			IsSoftwareBased: true, IScsiName: "iqn.1998-01.com.vmware:" + strings.SplitN(h.Name, ".", 2)[0],
			AuthenticationCapabilities: types.HostInternetScsiHbaAuthenticationCapabilities{ChapAuthSettable: true, MutualChapSettable: types.NewBool(true)},
		})
	}
	if !r.Enabled {
		var keep []types.BaseHostHostBusAdapter
		for _, a := range s.HostBusAdapter {
			if i, ok := a.(*types.HostInternetScsiHba); !ok || !i.IsSoftwareBased {
				keep = append(keep, a)
			}
		}
		s.HostBusAdapter = keep
	}
	return nil, nil
}

func sendTarget(a *types.HostInternetScsiHba, address string, port int32) int {
	for i, t := range a.ConfiguredSendTarget {
		if t.Address == address && (port == 0 || t.Port == port) {
			return i
		}
	}
	return -1
}

func staticTarget(a *types.HostInternetScsiHba, name, address string) int {
	for i, t := range a.ConfiguredStaticTarget {
		if t.IScsiName == name && (address == "" || t.Address == address) {
			return i
		}
	}
	return -1
}

var chapTypes = map[string]bool{"": true, "chapProhibited": true, "chapDiscouraged": true, "chapPreferred": true, "chapRequired": true}

// checkChap refuses settings that a host refuses: unknown levels, CHAP without a secret, both directions with one secret.
func checkChap(p *chap) error {
	switch {
	case !chapTypes[p.ChapAuthenticationType] || !chapTypes[p.MutualChapAuthenticationType]:
		return invalidArgument("authenticationProperties.chapAuthenticationType")
	case p.ChapAuthEnabled && p.ChapAuthenticationType == "chapProhibited":
		return invalidArgument("authenticationProperties.chapAuthEnabled")
	case p.ChapAuthenticationType == "chapRequired" && p.ChapSecret == "":
		return invalidArgument("authenticationProperties.chapSecret")
	case p.MutualChapAuthenticationType == "chapRequired" && p.MutualChapSecret == "":
		return invalidArgument("authenticationProperties.mutualChapSecret")
	case p.MutualChapAuthenticationType == "chapRequired" && p.ChapAuthenticationType != "chapRequired":
		return invalidArgument("authenticationProperties.mutualChapAuthenticationType")
	case p.ChapSecret != "" && p.ChapSecret == p.MutualChapSecret:
		return invalidArgument("authenticationProperties.mutualChapSecret")
	}
	return nil
}

func unsecret(p chap) *chap {
	p.ChapSecret, p.MutualChapSecret = "", ""
	return &p
}

// updateChap sets CHAP on the adapter, or on the targets that the call names.
func updateChap(c *call, r *types.UpdateInternetScsiAuthenticationProperties) (interface{}, error) {
	a, err := iscsiAdapter(c, r.IScsiHbaDevice)
	if err != nil {
		return nil, err
	}
	if err := checkChap(&r.AuthenticationProperties); err != nil {
		return nil, err
	}
	p := unsecret(r.AuthenticationProperties)
	if r.TargetSet == nil {
		a.AuthenticationProperties = *p
		inherit(a)
		return nil, nil
	}
	var sends, statics []int
	for _, t := range r.TargetSet.SendTargets {
		i := sendTarget(a, t.Address, t.Port)
		if i < 0 {
			return nil, notFound(t.Address)
		}
		sends = append(sends, i)
	}
	for _, t := range r.TargetSet.StaticTargets {
		i := staticTarget(a, t.IScsiName, t.Address)
		if i < 0 {
			return nil, notFound(t.IScsiName)
		}
		statics = append(statics, i)
	}
	for _, i := range sends {
		own := *p
		a.ConfiguredSendTarget[i].AuthenticationProperties = &own
	}
	for _, i := range statics {
		own := *p
		a.ConfiguredStaticTarget[i].AuthenticationProperties = &own
	}
	inherit(a)
	return nil, nil
}

// inherit hands the adapter's settings to targets that take them from it.
func inherit(a *types.HostInternetScsiHba) {
	take := func(p *chap) *chap {
		if p == nil || p.ChapInherited == nil || !*p.ChapInherited {
			return p
		}
		q := a.AuthenticationProperties
		q.ChapInherited, q.MutualChapInherited = types.NewBool(true), types.NewBool(true)
		return &q
	}
	for i := range a.ConfiguredSendTarget {
		a.ConfiguredSendTarget[i].AuthenticationProperties = take(a.ConfiguredSendTarget[i].AuthenticationProperties)
	}
	for i := range a.ConfiguredStaticTarget {
		a.ConfiguredStaticTarget[i].AuthenticationProperties = take(a.ConfiguredStaticTarget[i].AuthenticationProperties)
	}
}
