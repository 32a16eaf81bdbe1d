package main

import (
	"fmt"
	"math/rand"
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// CloneVM_Task: the library copies processors, memory and devices, but neither extraConfig nor allocations, and it
// hands the source's own devices to the copy, disks and addresses too.

func init() {
	on("VirtualMachine", "CloneVM_Task", func(c *call, r *types.CloneVM_Task) (interface{}, error) {
		source := guest(c)
		names := diskNames(source)
		answer, err := callLibrary(c)
		if copied := madeBy(answer); err == nil && copied != nil {
			ownDevices(source, copied)
			copyConfig(source.Config, copied.Config)
			if r.Spec.Config != nil {
				setExtraConfig(copied, r.Spec.Config.ExtraConfig)
			}
		}
		for backing, name := range names {
			backing.FileName = name
		}
		return answer, err
	})
}

func diskNames(vm *simulator.VirtualMachine) map[*types.VirtualDiskFlatVer2BackingInfo]string {
	out := map[*types.VirtualDiskFlatVer2BackingInfo]string{}
	for _, d := range vm.Config.Hardware.Device {
		if b, ok := d.GetVirtualDevice().Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			out[b] = b.FileName
		}
	}
	return out
}

// ownDevices gives the copy devices of its own, with new addresses: the library hands it the source's.
func ownDevices(source, copied *simulator.VirtualMachine) {
	shared := map[types.BaseVirtualDevice]bool{}
	for _, d := range source.Config.Hardware.Device {
		shared[d] = true
	}
	for i, d := range copied.Config.Hardware.Device {
		if !shared[d] {
			continue
		}
		own := copyOf(d).(types.BaseVirtualDevice)
		part := own.GetVirtualDevice()
		if part.Backing != nil {
			part.Backing = copyOf(part.Backing).(types.BaseVirtualDeviceBackingInfo)
		}
		if part.Connectable != nil {
			connectable := *part.Connectable
			part.Connectable = &connectable
		}
		if card, ok := own.(types.BaseVirtualEthernetCard); ok {
			card.GetVirtualEthernetCard().MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80+rand.Intn(0x40), rand.Intn(256), rand.Intn(256))
		}
		copied.Config.Hardware.Device[i] = own
	}
}

// copyOf copies the struct behind a pointer.
func copyOf(pointer interface{}) interface{} {
	old := reflect.ValueOf(pointer)
	out := reflect.New(old.Type().Elem())
	out.Elem().Set(old.Elem())
	return out.Interface()
}

// madeBy gives the guest that a finished task made, nil when it failed.
func madeBy(answer interface{}) *simulator.VirtualMachine {
	response, ok := answer.(*types.CloneVM_TaskResponse)
	if !ok {
		return nil
	}
	t, ok := find[*simulator.Task](response.Returnval)
	if !ok {
		return nil
	}
	ref, ok := t.Info.Result.(types.ManagedObjectReference)
	if !ok {
		return nil
	}
	vm, _ := find[*simulator.VirtualMachine](ref)
	return vm
}

func copyConfig(from, to *types.VirtualMachineConfigInfo) {
	to.ExtraConfig = append([]types.BaseOptionValue(nil), from.ExtraConfig...)
	to.CpuAllocation, to.MemoryAllocation = copyAllocation(from.CpuAllocation), copyAllocation(from.MemoryAllocation)
	to.MaxMksConnections, to.Version, to.GuestFullName = from.MaxMksConnections, from.Version, from.GuestFullName
	to.Annotation, to.MigrateEncryption = from.Annotation, from.MigrateEncryption
}

func copyAllocation(a *types.ResourceAllocationInfo) *types.ResourceAllocationInfo {
	if a == nil {
		return nil
	}
	out := *a
	return &out
}
