package main

import (
	"reflect"
	"strconv"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Distributed switches and port groups: changes merge into what is set, under a configuration version.

func init() {
	on("DistributedVirtualPortgroup", "ReconfigureDVPortgroup_Task", func(c *call, r *types.ReconfigureDVPortgroup_Task) (interface{}, error) {
		pg, ok := find[*simulator.DistributedVirtualPortgroup](c.this)
		if !ok {
			return nil, gone(c.this)
		}
		return task(c, pg, "reconfigure", func() (types.AnyType, types.BaseMethodFault) { return nil, reconfigurePortgroup(pg, &r.Spec) }), nil
	})
	on("DistributedVirtualSwitch", "ReconfigureDvs_Task", func(c *call, r *types.ReconfigureDvs_Task) (interface{}, error) {
		s, ok := find[*simulator.DistributedVirtualSwitch](c.this)
		if !ok {
			return nil, gone(c.this)
		}
		if len(r.Spec.GetDVSConfigSpec().Host) > 0 {
			return callLibrary(c) // membership is the library's
		}
		return task(c, s, "reconfigure", func() (types.AnyType, types.BaseMethodFault) { return nil, reconfigureSwitch(s, r.Spec) }), nil
	})
	on("DistributedVirtualSwitch", "EnableNetworkResourceManagement", func(c *call, r *types.EnableNetworkResourceManagement) (interface{}, error) {
		s, _ := find[*simulator.DistributedVirtualSwitch](c.this)
		s.Config.GetDVSConfigInfo().NetworkResourceManagementEnabled = types.NewBool(r.Enable)
		return nil, nil
	})
	on("DistributedVirtualSwitch", "UpdateDVSHealthCheckConfig_Task", func(c *call, r *types.UpdateDVSHealthCheckConfig_Task) (interface{}, error) {
		s, _ := find[*simulator.DistributedVirtualSwitch](c.this)
		return task(c, s, "updateHealthCheckConfig", func() (types.AnyType, types.BaseMethodFault) {
			s.Config.GetDVSConfigInfo().HealthCheckConfig = r.HealthCheckConfig
			return nil, nil
		}), nil
	})
}

func nextVersion(v string) string {
	n, _ := strconv.Atoi(v)
	return itoa(n + 1)
}

func reconfigurePortgroup(pg *simulator.DistributedVirtualPortgroup, s *types.DVPortgroupConfigSpec) types.BaseMethodFault {
	if s.ConfigVersion != "" && s.ConfigVersion != pg.Config.ConfigVersion {
		return &types.ConcurrentAccess{}
	}
	if s.DefaultPortConfig != nil {
		if f := checkVlan(s.DefaultPortConfig); f != nil {
			return f
		}
		mergeInto(reflect.ValueOf(&pg.Config.DefaultPortConfig).Elem(), reflect.ValueOf(s.DefaultPortConfig))
	}
	if s.Policy != nil {
		pg.Config.Policy = s.Policy
	}
	if s.Name != "" {
		pg.Name, pg.Config.Name = s.Name, s.Name
	}
	if s.NumPorts != 0 {
		pg.Config.NumPorts = s.NumPorts
	}
	if s.Description != "" {
		pg.Config.Description = s.Description
	}
	pg.Config.ConfigVersion = nextVersion(pg.Config.ConfigVersion)
	return nil
}

func checkVlan(b types.BaseDVPortSetting) types.BaseMethodFault {
	v, ok := b.(*types.VMwareDVSPortSetting)
	if !ok || v.Vlan == nil {
		return nil
	}
	if id, ok := v.Vlan.(*types.VmwareDistributedVirtualSwitchVlanIdSpec); ok && (id.VlanId < 0 || id.VlanId > 4094) {
		return &types.InvalidArgument{InvalidProperty: "spec.defaultPortConfig.vlan.vlanId"}
	}
	return nil
}

func reconfigureSwitch(s *simulator.DistributedVirtualSwitch, b types.BaseDVSConfigSpec) types.BaseMethodFault {
	spec, info := b.GetDVSConfigSpec(), s.Config.GetDVSConfigInfo()
	if spec.ConfigVersion != "" && spec.ConfigVersion != info.ConfigVersion {
		return &types.ConcurrentAccess{}
	}
	if spec.DefaultPortConfig != nil {
		mergeInto(reflect.ValueOf(&info.DefaultPortConfig).Elem(), reflect.ValueOf(spec.DefaultPortConfig))
	}
	if v, ok := b.(*types.VMwareDVSConfigSpec); ok {
		if f := reconfigureVmware(s.Config.(*types.VMwareDVSConfigInfo), v); f != nil {
			return f
		}
	}
	info.ConfigVersion = nextVersion(info.ConfigVersion)
	return nil
}

func reconfigureVmware(info *types.VMwareDVSConfigInfo, s *types.VMwareDVSConfigSpec) types.BaseMethodFault {
	for _, change := range s.VspanConfigSpec {
		at := -1
		for i := range info.VspanSession {
			if info.VspanSession[i].Key == change.VspanSession.Key {
				at = i
			}
		}
		switch {
		case change.Operation == "add":
			if change.VspanSession.Key == "" {
				change.VspanSession.Key = change.VspanSession.Name
			}
			info.VspanSession = append(info.VspanSession, change.VspanSession)
		case at < 0:
			return &types.NotFound{}
		case change.Operation == "remove":
			info.VspanSession = append(info.VspanSession[:at:at], info.VspanSession[at+1:]...)
		default:
			info.VspanSession[at] = change.VspanSession
		}
	}
	if s.MaxMtu != 0 {
		info.MaxMtu = s.MaxMtu
	}
	if s.LinkDiscoveryProtocolConfig != nil {
		info.LinkDiscoveryProtocolConfig = s.LinkDiscoveryProtocolConfig
	}
	if s.IpfixConfig != nil {
		info.IpfixConfig = s.IpfixConfig
	}
	return nil
}

// mergeInto lays the set members of one structure on another of the same type; another type replaces.
func mergeInto(to, from reflect.Value) {
	for from.Kind() == reflect.Interface && !from.IsNil() {
		from = from.Elem()
	}
	target := to
	if target.Kind() == reflect.Interface && !target.IsNil() {
		target = target.Elem()
	}
	if target.Kind() != reflect.Ptr || target.IsNil() || from.Kind() != reflect.Ptr || target.Type() != from.Type() || from.Elem().Kind() != reflect.Struct {
		to.Set(from)
		return
	}
	mergeStruct(target.Elem(), from.Elem())
}

func mergeStruct(to, from reflect.Value) {
	for i := 0; i < from.NumField(); i++ {
		f := from.Field(i)
		switch {
		case f.Kind() == reflect.Struct && f.Type() != timeType:
			mergeStruct(to.Field(i), f)
		case f.Kind() == reflect.Bool:
			to.Field(i).Set(f) // required booleans are always sent
		case empty(f):
		case f.Kind() == reflect.Ptr || f.Kind() == reflect.Interface:
			mergeInto(to.Field(i), f)
		default:
			to.Field(i).Set(f)
		}
	}
}
