package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func setLockdown(h *simulator.HostSystem, mode types.HostLockdownMode) {
	h.Config.LockdownMode = mode
	h.Config.AdminDisabled = types.NewBool(mode != types.HostLockdownModeLockdownDisabled)
}

func lockedDown(h *simulator.HostSystem) bool {
	return h.Config.AdminDisabled != nil && *h.Config.AdminDisabled
}

func init() {
	on("HostSystem", "EnterLockdownMode", func(c *call, _ *types.EnterLockdownMode) (interface{}, error) {
		h := hostFor(c)
		if lockedDown(h) {
			return nil, fail(&types.HostConfigFault{}, "The host is already in lockdown mode.")
		}
		setLockdown(h, types.HostLockdownModeLockdownNormal)
		return nil, nil
	})
	on("HostSystem", "ExitLockdownMode", func(c *call, _ *types.ExitLockdownMode) (interface{}, error) {
		h := hostFor(c)
		if !lockedDown(h) {
			return nil, fail(&types.HostConfigFault{}, "The host is not in lockdown mode.")
		}
		setLockdown(h, types.HostLockdownModeLockdownDisabled)
		return nil, nil
	})
	on("HostAccessManager", "ChangeLockdownMode", func(c *call, r *types.ChangeLockdownMode) (interface{}, error) {
		switch r.Mode {
		case types.HostLockdownModeLockdownDisabled, types.HostLockdownModeLockdownNormal, types.HostLockdownModeLockdownStrict:
			setLockdown(hostFor(c), r.Mode)
			return nil, nil
		}
		return nil, invalidArgument("mode")
	})
	reader("HostAccessManager", "QueryLockdownExceptions", func(c *call, _ *types.QueryLockdownExceptions) (interface{}, error) {
		return append([]string{}, factsFor(c).Exceptions...), nil
	})
	on("HostAccessManager", "UpdateLockdownExceptions", func(c *call, r *types.UpdateLockdownExceptions) (interface{}, error) {
		f := factsFor(c)
		for _, u := range r.Users {
			if f.user(u) == nil {
				return nil, fail(&types.UserNotFound{Principal: u}, "The user "+u+" is not known to the host.")
			}
		}
		f.Exceptions = r.Users
		return nil, nil
	})
	compute("HostAccessManager", "lockdownMode", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.LockdownMode
	})
}

func (f *hostFacts) user(id string) *hostUser {
	for i := range f.Users {
		if f.Users[i].ID == id {
			return &f.Users[i]
		}
	}
	return nil
}
