package main

import (
	"path"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// moValue digs the library's plain managed object out of its wrapper.
func moValue(o mo.Reference) reflect.Value {
	v := reflect.ValueOf(o).Elem()
	for path.Base(v.Type().PkgPath()) != "mo" && v.NumField() > 0 {
		v = v.Field(0)
	}
	return v
}

// computed properties are made when they are read; keyed by type and first step of the path.
var computed = map[string]map[string]func(*call, types.ManagedObjectReference) interface{}{}

func compute(kind, name string, f func(*call, types.ManagedObjectReference) interface{}) {
	if computed[kind] == nil {
		computed[kind] = map[string]func(*call, types.ManagedObjectReference) interface{}{}
	}
	computed[kind][name] = f
}

func computedOf(kind, name string) func(*call, types.ManagedObjectReference) interface{} {
	for k := kind; k != ""; k = tables.Managed[k].Base {
		if f := computed[k][name]; f != nil {
			return f
		}
	}
	return nil
}

// read gives the value at a path of an object; an invalid Value when it is unset.
func read(c *call, ref types.ManagedObjectReference, object mo.Reference, path string) reflect.Value {
	steps := strings.Split(path, ".")
	var v reflect.Value
	if f := computedOf(ref.Type, steps[0]); f != nil {
		made := f(c, ref)
		if made == nil {
			return reflect.Value{}
		}
		v, steps = reflect.ValueOf(made), steps[1:]
	} else if object == nil {
		return reflect.Value{}
	} else {
		v = moValue(object)
	}
	for _, step := range steps {
		v = indirect(v)
		if !v.IsValid() {
			return v
		}
		if v = member(v, step); !v.IsValid() {
			return v
		}
	}
	if v.Kind() == reflect.Ptr || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return reflect.Value{}
		}
	}
	if v.Kind() == reflect.String && v.Len() == 0 && v.Type().PkgPath() != "" {
		return reflect.Value{}
	}
	if v.Kind() == reflect.Slice && v.IsNil() {
		return reflect.Value{}
	}
	return v
}

func member(v reflect.Value, name string) reflect.Value {
	if d, ok := v.Interface().(dynamic); ok {
		if x, ok := d.get(name); ok {
			return reflect.ValueOf(x)
		}
		return reflect.Value{}
	}
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	if f := planOf(v.Type()).byName[name]; f != nil {
		m := v.FieldByIndex(f.index)
		if f.omitempty && m.Kind() == reflect.String && m.Len() == 0 {
			return reflect.Value{}
		}
		return m
	}
	if v.CanAddr() {
		if x, ok := getExtra(v.Addr().Pointer(), name); ok {
			return reflect.ValueOf(x)
		}
	}
	return reflect.Value{}
}

// lookup finds an object by reference: the session's own first, then the inventory.
func lookup(c *call, ref types.ManagedObjectReference) (object mo.Reference, exists bool) {
	if c.session.get(ref) != nil {
		return nil, true
	}
	if o := simulator.Map.Get(ref); o != nil {
		return o, true
	}
	return nil, false
}

// refs reads the references that a property holds: one or many.
func refs(v reflect.Value) []types.ManagedObjectReference {
	v = indirect(v)
	if !v.IsValid() {
		return nil
	}
	switch x := v.Interface().(type) {
	case types.ManagedObjectReference:
		return []types.ManagedObjectReference{x}
	case []types.ManagedObjectReference:
		return x
	}
	return nil
}
