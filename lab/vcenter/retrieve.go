package main

import (
	"reflect"
	"sort"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// selection is the objects that one retrieval found, before any property is read.
type selection struct {
	c     *call
	specs []types.PropertyFilterSpec
	order []types.ManagedObjectReference
	kind  map[types.ManagedObjectReference]bool // true: named by the caller, false: found by traversal
	paths map[string]map[string]map[string]bool // traversal cycles: spec name -> object
}

// checkSpecs refuses property paths that the type does not have in this API version.
func checkSpecs(specs []types.PropertyFilterSpec) error {
	for _, s := range specs {
		for _, p := range s.PropSet {
			if _, ok := tables.Managed[p.Type]; !ok && p.Type != "ManagedObject" {
				return invalidArgument("specSet.propSet.type")
			}
			for _, path := range p.PathSet {
				if _, ok := tables.resolve(p.Type, path); !ok {
					return fail(&types.InvalidProperty{Name: path}, "The property '"+path+"' is not known to "+p.Type+" in this API version")
				}
			}
		}
	}
	return nil
}

// pick finds the objects of a retrieval in order, each once.
func pick(c *call, specs []types.PropertyFilterSpec) (*selection, error) {
	s := &selection{c: c, specs: specs, kind: map[types.ManagedObjectReference]bool{}}
	for i := range specs {
		for _, o := range specs[i].ObjectSet {
			object, ok := lookup(c, o.Obj)
			if !ok {
				if c.session == nil {
					return nil, notAuthenticated(o.Obj)
				}
				if m := specs[i].ReportMissingObjectsInResults; m != nil && *m {
					continue
				}
				return nil, gone(o.Obj)
			}
			if o.Skip == nil || !*o.Skip {
				s.add(o.Obj, true)
			}
			named := map[string]*types.TraversalSpec{}
			collectNames(o.SelectSet, named)
			if err := s.traverse(o.Obj, object, o.SelectSet, named, map[string]bool{}); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func collectNames(set []types.BaseSelectionSpec, named map[string]*types.TraversalSpec) {
	for _, b := range set {
		if t, ok := b.(*types.TraversalSpec); ok {
			if t.Name != "" {
				named[t.Name] = t
			}
			collectNames(t.SelectSet, named)
		}
	}
}

func (s *selection) add(ref types.ManagedObjectReference, explicit bool) {
	if was, ok := s.kind[ref]; ok {
		s.kind[ref] = was || explicit
		return
	}
	if !explicit && s.c.session != nil && !authority.may(s.c.session.account, ref, "System.View") {
		return // what a user may not see is not found by traversal
	}
	s.kind[ref] = explicit
	s.order = append(s.order, ref)
}

func (s *selection) traverse(ref types.ManagedObjectReference, object mo.Reference, set []types.BaseSelectionSpec, named map[string]*types.TraversalSpec, seen map[string]bool) error {
	for _, b := range set {
		t, ok := b.(*types.TraversalSpec)
		if !ok {
			if t = named[b.GetSelectionSpec().Name]; t == nil {
				return invalidArgument("specSet.objectSet.selectSet")
			}
		}
		if !tables.isA(ref.Type, t.Type) {
			continue
		}
		if _, ok := tables.resolve(t.Type, t.Path); !ok {
			return fail(&types.InvalidProperty{Name: t.Path}, "The property '"+t.Path+"' is not known to "+t.Type)
		}
		key := t.Name + "|" + t.Type + "|" + t.Path + "|" + ref.Value
		if t.Name != "" {
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		for _, next := range refs(read(s.c, ref, object, t.Path)) {
			child, ok := lookup(s.c, next)
			if !ok {
				continue
			}
			if t.Skip == nil || !*t.Skip {
				s.add(next, false)
			}
			if err := s.traverse(next, child, t.SelectSet, named, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// found is one object's answer.
type found struct {
	ref     types.ManagedObjectReference
	props   []foundProp
	missing []missed
}

type foundProp struct {
	name string
	val  reflect.Value
}

type missed struct {
	path  string
	fault *failure
}

// collect reads one object's wanted properties; nil when no property spec fits its type or it is gone.
func collect(c *call, specs []types.PropertyFilterSpec, ref types.ManagedObjectReference) *found {
	object, ok := lookup(c, ref)
	if !ok {
		return nil
	}
	f := &found{ref: ref}
	match := false
	seen := map[string]bool{}
	for i := range specs {
		for _, p := range specs[i].PropSet {
			if !tables.isA(ref.Type, p.Type) {
				continue
			}
			match = true
			paths := p.PathSet
			if p.All != nil && *p.All {
				paths = tables.props(ref.Type)
				sort.Strings(paths)
			}
			for _, path := range paths {
				if !seen[path] {
					seen[path] = true
					f.take(c, object, path)
				}
			}
		}
	}
	if !match {
		return nil
	}
	return f
}

func (f *found) take(c *call, object mo.Reference, path string) {
	privilege, ok := tables.resolve(f.ref.Type, path)
	if !ok {
		return
	}
	if c.session == nil {
		if privilege != "System.Anonymous" {
			f.missing = append(f.missing, missed{path, notAuthenticated(f.ref)})
			return
		}
	} else if c.session.get(f.ref) == nil && !authority.may(c.session.account, f.ref, privilege) {
		f.missing = append(f.missing, missed{path, noPermission(f.ref, privilege)})
		return
	}
	if misbehave.dead(f.ref) && !liveWhenDead[path] {
		return
	}
	if v := read(c, f.ref, object, path); v.IsValid() {
		f.props = append(f.props, foundProp{path, v})
	}
}

func (e *encoder) found(element string, f *found) {
	e.WriteString("<" + element + `><obj type="` + f.ref.Type + `">`)
	e.text(f.ref.Value)
	e.WriteString("</obj>")
	for _, p := range f.props {
		e.WriteString("<propSet><name>" + p.name + "</name>")
		e.element("val", p.val, true)
		e.WriteString("</propSet>")
	}
	for _, m := range f.missing {
		e.WriteString("<missingSet><path>" + m.path + "</path><fault>")
		e.element("fault", reflect.ValueOf(m.fault.fault), true)
		e.WriteString("<localizedMessage>")
		e.text(m.fault.message)
		e.WriteString("</localizedMessage></fault></missingSet>")
	}
	e.WriteString("</" + element + ">")
}
