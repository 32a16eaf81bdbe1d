package main

import (
	"encoding/json"

	"github.com/vmware/govmomi/simulator"
)

// finishGuest completes a guest that came from the file.
func finishGuest(vm *simulator.VirtualMachine, _ json.RawMessage) {
	vm.Summary.Vm = &vm.Self
}
