package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// MigrateVM_Task: the target must reach the guest's datastores and carry its networks.

func init() {
	on("VirtualMachine", "MigrateVM_Task", func(c *call, r *types.MigrateVM_Task) (interface{}, error) {
		vm := guest(c)
		if r.Host == nil {
			return nil, invalidArgument("host")
		}
		to, ok := find[*simulator.HostSystem](*r.Host)
		if !ok {
			return nil, gone(*r.Host)
		}
		return task(c, vm, "migrate", func() (types.AnyType, types.BaseMethodFault) { return nil, migrate(c, vm, to) }), nil
	})
	on("VirtualMachine", "RelocateVM_Task", func(c *call, r *types.RelocateVM_Task) (interface{}, error) {
		if r.Spec.Host != nil && r.Spec.Datastore == nil {
			vm := guest(c)
			to, ok := find[*simulator.HostSystem](*r.Spec.Host)
			if !ok {
				return nil, gone(*r.Spec.Host)
			}
			return task(c, vm, "relocate", func() (types.AnyType, types.BaseMethodFault) { return nil, migrate(c, vm, to) }), nil
		}
		return callLibrary(c)
	})
}

func subset(part, whole []types.ManagedObjectReference) bool {
	return len(without(part, whole)) == 0
}

func migrate(c *call, vm *simulator.VirtualMachine, to *simulator.HostSystem) types.BaseMethodFault {
	from, _ := find[*simulator.HostSystem](*vm.Runtime.Host)
	switch {
	case to.Runtime.ConnectionState != types.HostSystemConnectionStateConnected:
		return &types.InvalidHostConnectionState{}
	case to.Runtime.InMaintenanceMode:
		return &types.InvalidState{}
	case !subset(vm.Datastore, to.Datastore):
		return &types.CannotAccessVmDisk{Fault: types.LocalizedMethodFault{Fault: &types.NotFound{}, LocalizedMessage: "The datastore is not mounted."}}
	case !subset(vm.Network, to.Network):
		return &types.CannotAccessNetwork{}
	}
	from.Vm = without(from.Vm, []types.ManagedObjectReference{vm.Self})
	to.Vm = append(to.Vm, vm.Self)
	host := to.Self
	vm.Runtime.Host, vm.Summary.Runtime.Host = &host, &host
	e := &types.VmMigratedEvent{VmEvent: vmEvent(vm, vm.Name+" was migrated from "+from.Name+" to "+to.Name)}
	e.SourceHost = types.HostEventArgument{Host: from.Self, EntityEventArgument: types.EntityEventArgument{Name: from.Name}}
	postAs(c, e)
	return nil
}
