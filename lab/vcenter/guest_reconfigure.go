package main

import (
	"regexp"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// The library does the devices and sizes; what it does wrongly or not at all is put right here.

func init() {
	on("VirtualMachine", "ReconfigVM_Task", reconfigure)
}

func reconfigure(c *call, r *types.ReconfigVM_Task) (interface{}, error) {
	vm := guest(c)
	if vm == nil {
		return nil, gone(c.this)
	}
	if r.Spec.ChangeVersion != "" && r.Spec.ChangeVersion != vm.Config.ChangeVersion {
		return task(c, vm, "reconfigVm", func() (types.AnyType, types.BaseMethodFault) { return nil, &types.ConcurrentAccess{} }), nil
	}
	if m := r.Spec.MaxMksConnections; m < 0 || m > 40 {
		return task(c, vm, "reconfigVm", func() (types.AnyType, types.BaseMethodFault) {
			return nil, &types.InvalidArgument{InvalidProperty: "configSpec.maxMksConnections"}
		}), nil
	}
	extra, flags, boot := r.Spec.ExtraConfig, r.Spec.Flags, r.Spec.BootOptions
	r.Spec.ExtraConfig, r.Spec.Flags = nil, nil
	oldCPU, oldMemory, oldBoot := vm.Config.CpuAllocation, vm.Config.MemoryAllocation, vm.Config.BootOptions
	r.Spec.CpuAllocation = mergeAllocation(oldCPU, r.Spec.CpuAllocation)
	r.Spec.MemoryAllocation = mergeAllocation(oldMemory, r.Spec.MemoryAllocation)
	if boot != nil && oldBoot != nil && boot.EfiSecureBootEnabled == nil {
		boot.EfiSecureBootEnabled = oldBoot.EfiSecureBootEnabled
	}
	result, err := callLibrary(c)
	if err != nil {
		return nil, err
	}
	ref := result.(*types.ReconfigVM_TaskResponse).Returnval
	if t, ok := find[*simulator.Task](ref); ok && t.Info.State != types.TaskInfoStateSuccess {
		return ref, nil
	}
	setExtraConfig(vm, extra)
	mergeFlags(&vm.Config.Flags, flags)
	plainMembers(c, vm, &r.Spec)
	vm.Network = guestNetworks(vm)
	vm.Config.Modified = time.Now()
	vm.Config.ChangeVersion = vm.Config.Modified.UTC().Format("2006-01-02T15:04:05.000000Z")
	return ref, nil
}

// plainMembers are those of the specification that the library passes over.
func plainMembers(c *call, vm *simulator.VirtualMachine, s *types.VirtualMachineConfigSpec) {
	if s.MaxMksConnections != 0 {
		vm.Config.MaxMksConnections = s.MaxMksConnections
	}
	if s.MigrateEncryption != "" {
		vm.Config.MigrateEncryption = s.MigrateEncryption
	}
	if s.SwapPlacement != "" {
		vm.Config.SwapPlacement = s.SwapPlacement
	}
	if m := ftMode.FindSubmatch(c.raw); m != nil {
		setExtra(vm.Config, "ftEncryptionMode", string(m[1]))
	}
	vm.Summary.Config.Annotation = vm.Config.Annotation
}

var ftMode = regexp.MustCompile(`<ftEncryptionMode[^>]*>([A-Za-z]+)</ftEncryptionMode>`)

// setExtraConfig replaces by key; an empty value deletes the key.
func setExtraConfig(vm *simulator.VirtualMachine, changes []types.BaseOptionValue) {
	list := append([]types.BaseOptionValue(nil), vm.Config.ExtraConfig...)
	for _, ch := range changes {
		v := ch.GetOptionValue()
		at := -1
		for i := range list {
			if list[i].GetOptionValue().Key == v.Key {
				at = i
			}
		}
		s, isText := v.Value.(string)
		switch {
		case isText && s == "" && at >= 0:
			list = append(list[:at:at], list[at+1:]...)
		case isText && s == "":
		case at >= 0:
			list[at] = &types.OptionValue{Key: v.Key, Value: v.Value}
		default:
			list = append(list, &types.OptionValue{Key: v.Key, Value: v.Value})
		}
	}
	vm.Config.ExtraConfig = list
}

// mergeAllocation keeps what a partial allocation leaves out.
func mergeAllocation(old, change *types.ResourceAllocationInfo) *types.ResourceAllocationInfo {
	if change == nil || old == nil {
		return change
	}
	out := *old
	if change.Reservation != nil {
		out.Reservation = change.Reservation
	}
	if change.Limit != nil {
		out.Limit = change.Limit
	}
	if change.Shares != nil {
		out.Shares = change.Shares
	}
	if change.ExpandableReservation != nil {
		out.ExpandableReservation = change.ExpandableReservation
	}
	return &out
}

func mergeFlags(to, from *types.VirtualMachineFlagInfo) {
	if from == nil {
		return
	}
	if from.EnableLogging != nil {
		to.EnableLogging = from.EnableLogging
	}
	if from.DisableAcceleration != nil {
		to.DisableAcceleration = from.DisableAcceleration
	}
	if from.VirtualExecUsage != "" {
		to.VirtualExecUsage = from.VirtualExecUsage
	}
}
