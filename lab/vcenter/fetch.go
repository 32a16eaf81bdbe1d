package main

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// pyVmomi reads single attributes with Fetch, which the public type definitions do not list.
func fetch(c *call) (interface{}, error) {
	body := indirect(reflect.ValueOf(c.body))
	ref := body.FieldByName("This").Interface().(types.ManagedObjectReference)
	name := body.FieldByName("Prop").String()
	object, ok := lookup(c, ref)
	if !ok {
		return nil, gone(ref)
	}
	if _, ok := tables.managedProp(ref.Type, name); !ok {
		return nil, fail(&types.InvalidProperty{Name: name}, "The property '"+name+"' is not known to "+ref.Type+" in this API version")
	}
	f := &found{ref: ref}
	f.take(c, object, name)
	if len(f.missing) > 0 {
		return nil, f.missing[0].fault
	}
	if len(f.props) == 0 {
		return nil, nil
	}
	return fetched{f.props[0].val}, nil
}

// fetched is a property value that goes out as one returnval with its type, even when it is a list.
type fetched struct{ value reflect.Value }

func init() {
	handlers["vmodl.ManagedObject"] = map[string]handler{"Fetch": fetch}
}

var serviceInstance *simulator.ServiceInstance
