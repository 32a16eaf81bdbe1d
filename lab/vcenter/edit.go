package main

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// rename gives an object another name everywhere it is kept.
func rename(ref types.ManagedObjectReference, to string) {
	o := simulator.Map.Get(ref)
	setPath(ref, "name", to)
	switch x := o.(type) {
	case *simulator.VirtualMachine:
		x.Config.Name, x.Summary.Config.Name = to, to
	case *simulator.HostSystem:
		x.Summary.Config.Name = to
	case *mo.Network:
		x.ManagedEntity.Name = to
	}
}

// setPath sets one property by its path, as a test's shortcut past the methods.
func setPath(ref types.ManagedObjectReference, path string, raw interface{}) {
	v := moValue(simulator.Map.Get(ref))
	steps := strings.Split(path, ".")
	p, _ := tables.managedProp(ref.Type, steps[0])
	declared := p.Type
	for i, step := range steps {
		if i == len(steps)-1 {
			setMember(v, step, raw, declared)
			return
		}
		next := indirect(member(v, step))
		if !next.IsValid() {
			panic(fmt.Sprintf("%s is unset at %s", path, step))
		}
		v = next
		q, _ := tables.anyVersionProp(v.Type().Name(), steps[i+1])
		declared = q.Type
	}
}
