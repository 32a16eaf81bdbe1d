package main

import (
	"encoding/json"
	"reflect"
	"sort"
	"sync"
)

// The library's structs end at vSphere 7.0. A property that is newer (or was left out) lives here, beside the struct
// that should carry it, keyed by the struct's address.

type extra struct {
	name  string
	value interface{} // string, bool, int32, dynamic or []dynamic
}

// dynamic is a data object of a type that the library has no struct for.
type dynamic struct {
	kind   string
	fields []extra
}

var (
	extrasLock sync.RWMutex
	extras     = map[uintptr][]extra{}
	extraKeep  []interface{} // keeps keyed structs alive, so that no address is used twice
)

func extrasOf(at uintptr) []extra {
	extrasLock.RLock()
	defer extrasLock.RUnlock()
	return extras[at]
}

func setExtra(owner interface{}, name string, value interface{}) {
	extrasLock.Lock()
	defer extrasLock.Unlock()
	at := reflect.ValueOf(owner).Pointer()
	for i := range extras[at] {
		if extras[at][i].name == name {
			extras[at][i].value = value
			return
		}
	}
	extras[at] = append(extras[at], extra{name, value})
	extraKeep = append(extraKeep, owner)
}

func getExtra(at uintptr, name string) (interface{}, bool) {
	for _, x := range extrasOf(at) {
		if x.name == name {
			return x.value, true
		}
	}
	return nil, false
}

func (d dynamic) get(name string) (interface{}, bool) {
	for _, f := range d.fields {
		if f.name == name {
			return f.value, true
		}
	}
	return nil, false
}

func (e *encoder) dynamic(name string, d dynamic) {
	e.open(name, d.kind)
	for _, f := range d.fields {
		if _, ok := tables.dataProp(d.kind, f.name); !ok {
			continue
		}
		if list, ok := f.value.([]dynamic); ok {
			for _, item := range list {
				e.dynamic(f.name, item)
			}
			continue
		}
		e.element(f.name, reflect.ValueOf(f.value), false)
	}
	e.close(name)
}

// toDynamic turns JSON into a value of the declared type.
func toDynamic(declared string, raw interface{}) interface{} {
	switch x := raw.(type) {
	case map[string]interface{}:
		if k, ok := x["_type"].(string); ok {
			declared = k
		}
		d := dynamic{kind: declared}
		names := make([]string, 0, len(x))
		for n := range x {
			if n != "_type" {
				names = append(names, n)
			}
		}
		sort.Strings(names)
		for _, n := range names {
			p, _ := tables.anyVersionProp(declared, n)
			d.fields = append(d.fields, extra{n, toDynamic(p.Type, x[n])})
		}
		return d
	case []interface{}:
		var list []dynamic
		for _, item := range x {
			if d, ok := toDynamic(trimList(declared), item).(dynamic); ok {
				list = append(list, d)
			}
		}
		return list
	case json.Number:
		n, _ := x.Int64()
		return int32(n)
	case float64:
		return int32(x)
	}
	return raw
}

func trimList(t string) string {
	if len(t) > 2 && t[len(t)-2:] == "[]" {
		return t[:len(t)-2]
	}
	return t
}

// anyVersionProp finds a data object's property whatever its version.
func (t *typeTables) anyVersionProp(kind, name string) (property, bool) {
	for k := kind; k != ""; k = t.Data[k].Base {
		if p, ok := t.Data[k].Props[name]; ok {
			return p, true
		}
	}
	return property{}, false
}
