package main

import (
	"encoding/json"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// finishGuest completes a guest that came from the file: the library expects these parts.
func finishGuest(vm *simulator.VirtualMachine, _ json.RawMessage) {
	now := time.Now()
	vm.Summary.Vm = &vm.Self
	if vm.Summary.Guest == nil {
		vm.Summary.Guest = &types.VirtualMachineGuestSummary{}
	}
	if vm.Summary.Storage == nil {
		vm.Summary.Storage = &types.VirtualMachineStorageSummary{Timestamp: now}
	}
	if vm.Layout == nil {
		vm.Layout = &types.VirtualMachineFileLayout{}
	}
	vm.LayoutEx = &types.VirtualMachineFileLayoutEx{Timestamp: now}
	if vm.Storage == nil {
		vm.Storage = &types.VirtualMachineStorageInfo{Timestamp: now}
	}
	for _, ref := range vm.Datastore {
		if ds, ok := find[*simulator.Datastore](ref); ok {
			ds.Vm = append(ds.Vm, vm.Self)
		}
	}
	if vm.Config.LatencySensitivity == nil {
		vm.Config.LatencySensitivity = &types.LatencySensitivity{Level: types.LatencySensitivitySensitivityLevelNormal}
	}
}

func guest(c *call) *simulator.VirtualMachine {
	vm, _ := find[*simulator.VirtualMachine](c.this)
	return vm
}

// guestNetworks works out which networks a guest's adapters stand on.
func guestNetworks(vm *simulator.VirtualMachine) []types.ManagedObjectReference {
	var out []types.ManagedObjectReference
	for _, d := range vm.Config.Hardware.Device {
		card, ok := d.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		switch b := card.GetVirtualEthernetCard().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			if ref := networkNamed(vm, b.DeviceName); ref != nil {
				b.Network = ref
				out = append(out, *ref)
			}
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			out = append(out, types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: b.Port.PortgroupKey})
		}
	}
	return out
}

// networkNamed finds a network of that name on the guest's host.
func networkNamed(vm *simulator.VirtualMachine, name string) *types.ManagedObjectReference {
	if vm.Runtime.Host == nil {
		return nil
	}
	h, ok := find[*simulator.HostSystem](*vm.Runtime.Host)
	if !ok {
		return nil
	}
	for _, ref := range h.Network {
		if n, ok := find[*mo.Network](ref); ok && n.Name == name {
			r := ref
			return &r
		}
	}
	return nil
}

func vmEvent(vm *simulator.VirtualMachine, message string) types.VmEvent {
	e := types.VmEvent{Event: types.Event{FullFormattedMessage: message,
		Vm: &types.VmEventArgument{Vm: vm.Self, EntityEventArgument: types.EntityEventArgument{Name: vm.Name}}}}
	if vm.Runtime.Host != nil {
		if h, ok := find[*simulator.HostSystem](*vm.Runtime.Host); ok {
			e.Host = &types.HostEventArgument{Host: h.Self, EntityEventArgument: types.EntityEventArgument{Name: h.Name}}
		}
	}
	return e
}

// task runs a change as a task, under the caller's name.
func task(c *call, on mo.Reference, name string, f func() (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	t := simulator.CreateTask(on, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return f() })
	if e, ok := on.(mo.Entity); ok {
		t.Info.EntityName = nameOf(e)
	}
	if c.session != nil {
		t.Info.Reason = &types.TaskReasonUser{UserName: c.session.UserName}
	}
	return t.Run()
}
