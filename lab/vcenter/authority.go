package main

import (
	"sort"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// permissions decides who may do what: roles, and permissions set on inventory objects. Unlike the library it is enforced.
type permissions struct {
	roles map[int32]*types.AuthorizationRole
	order []int32
	sets  map[types.ManagedObjectReference][]types.Permission
	grant map[int32]map[string]bool
	next  int32
}

var authority = &permissions{roles: map[int32]*types.AuthorizationRole{}, sets: map[types.ManagedObjectReference][]types.Permission{},
	grant: map[int32]map[string]bool{}, next: 1000}

const (
	roleAdmin    = -1
	roleReadOnly = -2
	roleView     = -3
	roleNone     = -5
)

func (p *permissions) setRole(r types.AuthorizationRole) {
	if _, ok := p.roles[r.RoleId]; !ok {
		p.order = append(p.order, r.RoleId)
	}
	sort.Strings(r.Privilege)
	p.roles[r.RoleId] = &r
	set := map[string]bool{}
	for _, id := range r.Privilege {
		set[id] = true
	}
	p.grant[r.RoleId] = set
}

// system makes the roles that every server has.
func (p *permissions) system() {
	add := func(id int32, name, label string, privileges []string) {
		p.setRole(types.AuthorizationRole{RoleId: id, System: true, Name: name, Privilege: privileges,
			Info: &types.Description{Label: label, Summary: label}})
	}
	add(-5, "NoAccess", "No access", nil)
	add(-4, "Anonymous", "Anonymous", []string{"System.Anonymous"})
	add(roleView, "View", "View", []string{"System.Anonymous", "System.View"})
	add(roleReadOnly, "ReadOnly", "Read-only", []string{"System.Anonymous", "System.Read", "System.View"})
	add(roleAdmin, "Admin", "Administrator", allPrivileges())
}

// roleList gives the roles, system roles first.
func (p *permissions) roleList() []types.AuthorizationRole {
	ids := append([]int32(nil), p.order...)
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	out := make([]types.AuthorizationRole, 0, len(ids))
	for _, id := range ids {
		out = append(out, *p.roles[id])
	}
	return out
}

// knows says whether an account has any permission at all; without one a login is refused.
func (p *permissions) knows(a *account) bool {
	for _, set := range p.sets {
		for _, perm := range set {
			if p.applies(perm, a) && perm.RoleId != roleNone {
				return true
			}
		}
	}
	return false
}

func (p *permissions) applies(perm types.Permission, a *account) bool {
	if !perm.Group {
		return strings.EqualFold(perm.Principal, a.User)
	}
	for _, g := range a.Groups {
		if strings.EqualFold(g, perm.Principal) {
			return true
		}
	}
	return false
}

// rolesOn gives the roles of an account on an entity: the nearest permission up the tree; a user's own beats a group's.
func (p *permissions) rolesOn(a *account, ref types.ManagedObjectReference) []int32 {
	for at, depth := &ref, 0; at != nil; depth++ {
		var own, group []int32
		for _, perm := range p.sets[*at] {
			if depth > 0 && !perm.Propagate || !p.applies(perm, a) {
				continue
			}
			if perm.Group {
				group = append(group, perm.RoleId)
			} else {
				own = append(own, perm.RoleId)
			}
		}
		if len(own) > 0 {
			return own
		}
		if len(group) > 0 {
			return group
		}
		at = parentOf(*at)
	}
	return nil
}

// may says whether an account holds a privilege on an object.
func (p *permissions) may(a *account, ref types.ManagedObjectReference, privilege string) bool {
	if privilege == "" || privilege == "System.Anonymous" {
		return true
	}
	entity, managed := entityOf(ref)
	if !managed && privilege == "System.View" {
		return true // managers and session objects are visible to everybody who is logged in
	}
	if entity.Type == "" {
		return privilege == "System.Read"
	}
	for _, id := range p.rolesOn(a, entity) {
		if id == roleAdmin || p.grant[id][privilege] {
			return true
		}
	}
	return privilege == "System.View" && p.leadsTo(a, entity)
}

// leadsTo says whether an account has a right on something below an entity: the way there is visible.
func (p *permissions) leadsTo(a *account, entity types.ManagedObjectReference) bool {
	for ref, set := range p.sets {
		for _, perm := range set {
			if !p.applies(perm, a) || perm.RoleId == roleNone {
				continue
			}
			for at := parentOf(ref); at != nil; at = parentOf(*at) {
				if *at == entity {
					return true
				}
			}
		}
	}
	return false
}

// all collects every permission, each once.
func (p *permissions) all() []types.Permission {
	var out []types.Permission
	for _, ref := range p.entities() {
		out = append(out, p.sets[ref]...)
	}
	return out
}

func (p *permissions) entities() []types.ManagedObjectReference {
	refs := make([]types.ManagedObjectReference, 0, len(p.sets))
	for ref := range p.sets {
		refs = append(refs, ref)
	}
	sort.Slice(refs, func(i, j int) bool { return refs[i].Value < refs[j].Value })
	return refs
}

func rootRef() types.ManagedObjectReference { return serviceContent().RootFolder }

func serviceContent() *types.ServiceContent {
	return &serviceInstance.Content
}

func parentOf(ref types.ManagedObjectReference) *types.ManagedObjectReference {
	if e, ok := simulator.Map.Get(ref).(mo.Entity); ok {
		return e.Entity().Parent
	}
	return nil
}

// entityOf gives the inventory object whose permissions rule an object; managed is true for inventory objects themselves.
func entityOf(ref types.ManagedObjectReference) (entity types.ManagedObjectReference, managed bool) {
	if tables.isA(ref.Type, "ManagedEntity") {
		return ref, true
	}
	if h := hostOf[ref.Value]; h != nil {
		return h.Self, false
	}
	switch o := simulator.Map.Get(ref).(type) {
	case *simulator.Task:
		if o.Info.Entity != nil && simulator.Map.Get(*o.Info.Entity) != nil {
			return *o.Info.Entity, false
		}
		return types.ManagedObjectReference{}, false // a task outlives its object and is then anybody's
	}
	return rootRef(), false
}

// authorize checks the method's privilege on its object.
func authorize(c *call, m method) error {
	if c.session == nil {
		return nil
	}
	privilege := m.Privilege
	if privilege == "" {
		privilege = methodPrivilege(c)
	}
	entity, _ := entityOf(c.this)
	if c.session.get(c.this) != nil || authority.may(c.session.account, c.this, privilege) {
		return nil
	}
	return noPermission(entity, privilege)
}
