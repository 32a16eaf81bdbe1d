package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// view is a ContainerView or ListView; its members are worked out at every read, so that it is always current.
type view struct {
	container types.ManagedObjectReference
	kinds     []string
	recursive bool
	list      []types.ManagedObjectReference
	isList    bool
}

func init() {
	reader("ViewManager", "CreateContainerView", func(c *call, r *types.CreateContainerView) (interface{}, error) {
		if simulator.Map.Get(r.Container) == nil {
			return nil, gone(r.Container)
		}
		if children(r.Container) == nil && !containerKinds[r.Container.Type] {
			return nil, invalidArgument("container")
		}
		for _, k := range r.Type {
			if !tables.isA(k, "ManagedEntity") {
				return nil, invalidArgument("type")
			}
		}
		if !authority.may(c.session.account, r.Container, "System.View") {
			return nil, noPermission(r.Container, "System.View")
		}
		return c.session.put("ContainerView", &view{container: r.Container, kinds: r.Type, recursive: r.Recursive}), nil
	})
	reader("ViewManager", "CreateListView", func(c *call, r *types.CreateListView) (interface{}, error) {
		for _, ref := range r.Obj {
			if _, ok := lookup(c, ref); !ok {
				return nil, gone(ref)
			}
		}
		return c.session.put("ListView", &view{list: r.Obj, isList: true}), nil
	})
	reader("ListView", "ModifyListView", func(c *call, r *types.ModifyListView) (interface{}, error) {
		v := c.session.get(r.This).(*view)
		v.list = append(without(v.list, r.Remove), r.Add...)
		return []types.ManagedObjectReference{}, nil
	})
	reader("ListView", "ResetListView", func(c *call, r *types.ResetListView) (interface{}, error) {
		c.session.get(r.This).(*view).list = r.Obj
		return []types.ManagedObjectReference{}, nil
	})
	reader("View", "DestroyView", func(c *call, r *types.DestroyView) (interface{}, error) {
		c.session.drop(r.This)
		return nil, nil
	})
	compute("ManagedObjectView", "view", func(c *call, ref types.ManagedObjectReference) interface{} {
		if v, ok := c.session.get(ref).(*view); ok {
			return v.members(c)
		}
		return nil
	})
	compute("ContainerView", "container", func(c *call, ref types.ManagedObjectReference) interface{} {
		return c.session.get(ref).(*view).container
	})
	compute("ContainerView", "recursive", func(c *call, ref types.ManagedObjectReference) interface{} {
		return c.session.get(ref).(*view).recursive
	})
	compute("ContainerView", "type", func(c *call, ref types.ManagedObjectReference) interface{} {
		return c.session.get(ref).(*view).kinds
	})
}

var containerKinds = map[string]bool{"Folder": true, "Datacenter": true, "ComputeResource": true, "ClusterComputeResource": true,
	"ResourcePool": true, "HostSystem": true, "StoragePod": true, "VirtualApp": true}

func without(list, drop []types.ManagedObjectReference) []types.ManagedObjectReference {
	gone := map[types.ManagedObjectReference]bool{}
	for _, r := range drop {
		gone[r] = true
	}
	var out []types.ManagedObjectReference
	for _, r := range list {
		if !gone[r] {
			out = append(out, r)
		}
	}
	return out
}

func (v *view) members(c *call) []types.ManagedObjectReference {
	out := []types.ManagedObjectReference{}
	if v.isList {
		for _, ref := range v.list {
			if simulator.Map.Get(ref) != nil {
				out = append(out, ref)
			}
		}
		return out
	}
	seen := map[types.ManagedObjectReference]bool{}
	wanted := map[string]bool{}
	var walk func(types.ManagedObjectReference)
	walk = func(at types.ManagedObjectReference) {
		for _, child := range children(at) {
			if seen[child] {
				continue
			}
			seen[child] = true
			if v.wants(child.Type, wanted) && authority.may(c.session.account, child, "System.View") {
				out = append(out, child)
			}
			if v.recursive {
				walk(child)
			}
		}
	}
	walk(v.container)
	return out
}

func (v *view) wants(kind string, cache map[string]bool) bool {
	if len(v.kinds) == 0 {
		return true
	}
	if w, ok := cache[kind]; ok {
		return w
	}
	for _, k := range v.kinds {
		if tables.isA(kind, k) {
			cache[kind] = true
			return true
		}
	}
	cache[kind] = false
	return false
}

// children gives the inventory objects under one.
func children(ref types.ManagedObjectReference) []types.ManagedObjectReference {
	object := simulator.Map.Get(ref)
	if object == nil {
		return nil
	}
	switch e := moValue(object).Addr().Interface().(type) {
	case *mo.Datacenter:
		return []types.ManagedObjectReference{e.VmFolder, e.HostFolder, e.DatastoreFolder, e.NetworkFolder}
	case *mo.Folder:
		return e.ChildEntity
	case *mo.StoragePod:
		return e.ChildEntity
	case *mo.ComputeResource:
		return withPool(e)
	case *mo.ClusterComputeResource:
		return withPool(&e.ComputeResource)
	case *mo.ResourcePool:
		return append(append([]types.ManagedObjectReference(nil), e.ResourcePool...), e.Vm...)
	case *mo.VirtualApp:
		return append(append([]types.ManagedObjectReference(nil), e.ResourcePool.ResourcePool...), e.Vm...)
	case *mo.HostSystem:
		return e.Vm
	}
	return nil
}

func withPool(e *mo.ComputeResource) []types.ManagedObjectReference {
	out := append([]types.ManagedObjectReference(nil), e.Host...)
	if e.ResourcePool != nil {
		out = append(out, *e.ResourcePool)
	}
	return out
}
