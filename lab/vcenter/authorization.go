package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// The AuthorizationManager's methods over the enforced permissions.

func init() {
	const kind = "AuthorizationManager"
	compute(kind, "roleList", func(c *call, _ types.ManagedObjectReference) interface{} { return authority.roleList() })
	compute(kind, "privilegeList", func(c *call, _ types.ManagedObjectReference) interface{} { return privilegeList() })
	compute("ManagedEntity", "permission", func(c *call, ref types.ManagedObjectReference) interface{} {
		return append([]types.Permission{}, authority.sets[ref]...)
	})
	compute("ManagedEntity", "effectiveRole", func(c *call, ref types.ManagedObjectReference) interface{} {
		if c.session == nil {
			return nil
		}
		return append([]int32{}, authority.rolesOn(c.session.account, ref)...)
	})
	reader(kind, "RetrieveAllPermissions", func(c *call, _ *types.RetrieveAllPermissions) (interface{}, error) { return authority.all(), nil })
	reader(kind, "RetrieveRolePermissions", func(c *call, r *types.RetrieveRolePermissions) (interface{}, error) {
		if authority.roles[r.RoleId] == nil {
			return nil, notFound("role")
		}
		out := []types.Permission{}
		for _, p := range authority.all() {
			if p.RoleId == r.RoleId {
				out = append(out, p)
			}
		}
		return out, nil
	})
	reader(kind, "RetrieveEntityPermissions", func(c *call, r *types.RetrieveEntityPermissions) (interface{}, error) {
		if simulator.Map.Get(r.Entity) == nil {
			return nil, gone(r.Entity)
		}
		if !authority.may(c.session.account, r.Entity, "System.Read") {
			return nil, noPermission(r.Entity, "System.Read")
		}
		out := append([]types.Permission{}, authority.sets[r.Entity]...)
		for at := parentOf(r.Entity); r.Inherited && at != nil; at = parentOf(*at) {
			for _, p := range authority.sets[*at] {
				if p.Propagate {
					out = append(out, p)
				}
			}
		}
		return out, nil
	})
	on(kind, "SetEntityPermissions", setPermissions)
	on(kind, "ResetEntityPermissions", func(c *call, r *types.ResetEntityPermissions) (interface{}, error) {
		authority.sets[r.Entity] = nil
		return setPermissions(c, &types.SetEntityPermissions{Entity: r.Entity, Permission: r.Permission})
	})
	on(kind, "RemoveEntityPermission", func(c *call, r *types.RemoveEntityPermission) (interface{}, error) {
		set := authority.sets[r.Entity]
		for i, p := range set {
			if p.Principal == r.User && p.Group == r.IsGroup {
				authority.sets[r.Entity] = append(set[:i:i], set[i+1:]...)
				postAs(c, &types.PermissionRemovedEvent{PermissionEvent: permissionEvent(r.Entity, p)})
				return nil, nil
			}
		}
		return nil, notFound(r.User)
	})
	on(kind, "AddAuthorizationRole", func(c *call, r *types.AddAuthorizationRole) (interface{}, error) {
		for _, role := range authority.roles {
			if role.Name == r.Name {
				return nil, fail(&types.AlreadyExists{Name: r.Name}, "The role exists already.")
			}
		}
		ids, err := checkPrivileges(r.PrivIds)
		if err != nil {
			return nil, err
		}
		id := authority.next
		authority.next++
		authority.setRole(types.AuthorizationRole{RoleId: id, Name: r.Name, Privilege: ids, Info: &types.Description{Label: r.Name, Summary: r.Name}})
		return id, nil
	})
	on(kind, "UpdateAuthorizationRole", func(c *call, r *types.UpdateAuthorizationRole) (interface{}, error) {
		role := authority.roles[r.RoleId]
		if role == nil {
			return nil, notFound("role")
		}
		if role.System {
			return nil, invalidArgument("roleId")
		}
		ids, err := checkPrivileges(r.PrivIds)
		if err != nil {
			return nil, err
		}
		updated := *role
		updated.Name, updated.Privilege = r.NewName, ids
		authority.setRole(updated)
		return nil, nil
	})
	on(kind, "RemoveAuthorizationRole", func(c *call, r *types.RemoveAuthorizationRole) (interface{}, error) {
		role := authority.roles[r.RoleId]
		if role == nil {
			return nil, notFound("role")
		}
		if role.System {
			return nil, invalidArgument("roleId")
		}
		used := false
		for _, p := range authority.all() {
			used = used || p.RoleId == r.RoleId
		}
		if used && r.FailIfUsed {
			return nil, fail(&types.RemoveFailed{}, "The role is in use.")
		}
		for ref, set := range authority.sets {
			var keep []types.Permission
			for _, p := range set {
				if p.RoleId != r.RoleId {
					keep = append(keep, p)
				}
			}
			authority.sets[ref] = keep
		}
		delete(authority.roles, r.RoleId)
		for i, id := range authority.order {
			if id == r.RoleId {
				authority.order = append(authority.order[:i:i], authority.order[i+1:]...)
				break
			}
		}
		return nil, nil
	})
	reader(kind, "HasPrivilegeOnEntity", func(c *call, r *types.HasPrivilegeOnEntity) (interface{}, error) {
		out := []bool{}
		for _, id := range r.PrivId {
			out = append(out, authority.may(c.session.account, r.Entity, id))
		}
		return out, nil
	})
	reader(kind, "HasPrivilegeOnEntities", func(c *call, r *types.HasPrivilegeOnEntities) (interface{}, error) {
		out := []types.EntityPrivilege{}
		for _, e := range r.Entity {
			row := types.EntityPrivilege{Entity: e}
			for _, id := range r.PrivId {
				row.PrivAvailability = append(row.PrivAvailability, types.PrivilegeAvailability{PrivId: id, IsGranted: authority.may(c.session.account, e, id)})
			}
			out = append(out, row)
		}
		return out, nil
	})
	reader(kind, "FetchUserPrivilegeOnEntities", func(c *call, r *types.FetchUserPrivilegeOnEntities) (interface{}, error) {
		a := sessions.accounts[r.UserName]
		if a == nil {
			return nil, fail(&types.UserNotFound{Principal: r.UserName}, "The user is not known.")
		}
		out := []types.UserPrivilegeResult{}
		for _, e := range r.Entities {
			row := types.UserPrivilegeResult{Entity: e}
			for _, id := range allPrivileges() {
				if authority.may(a, e, id) {
					row.Privileges = append(row.Privileges, id)
				}
			}
			out = append(out, row)
		}
		return out, nil
	})
	compute("SessionManager", "sessionList", func(c *call, _ types.ManagedObjectReference) interface{} { return sessions.list() })
	compute("SessionManager", "currentSession", func(c *call, _ types.ManagedObjectReference) interface{} {
		if c.session == nil {
			return nil
		}
		return c.session.UserSession
	})
}

func setPermissions(c *call, r *types.SetEntityPermissions) (interface{}, error) {
	if simulator.Map.Get(r.Entity) == nil {
		return nil, gone(r.Entity)
	}
	for _, p := range r.Permission {
		if authority.roles[p.RoleId] == nil {
			return nil, notFound("role")
		}
		if !principalKnown(p.Principal, p.Group) {
			return nil, fail(&types.UserNotFound{Principal: p.Principal}, "The user or group "+p.Principal+" is not known.")
		}
	}
	for _, p := range r.Permission {
		entity := r.Entity
		p.Entity = &entity
		set, replaced := authority.sets[r.Entity], false
		for i := range set {
			if set[i].Principal == p.Principal && set[i].Group == p.Group {
				set[i], replaced = p, true
				postAs(c, &types.PermissionUpdatedEvent{PermissionEvent: permissionEvent(r.Entity, p), Role: roleArgument(p.RoleId), Propagate: p.Propagate})
			}
		}
		if !replaced {
			authority.sets[r.Entity] = append(set, p)
			postAs(c, &types.PermissionAddedEvent{PermissionEvent: permissionEvent(r.Entity, p), Role: roleArgument(p.RoleId), Propagate: p.Propagate})
		}
	}
	return nil, nil
}

func principalKnown(name string, group bool) bool {
	for _, a := range sessions.accounts {
		if !group && a.User == name || group && contains(a.Groups, name) {
			return true
		}
	}
	for _, p := range authority.all() {
		if p.Principal == name && p.Group == group {
			return true
		}
	}
	return false
}

func permissionEvent(ref types.ManagedObjectReference, p types.Permission) types.PermissionEvent {
	return types.PermissionEvent{AuthorizationEvent: types.AuthorizationEvent{Event: types.Event{FullFormattedMessage: "Permission of " + p.Principal + " changed"}},
		Entity: types.ManagedEntityEventArgument{Entity: ref}, Principal: p.Principal, Group: p.Group}
}

func roleArgument(id int32) types.RoleEventArgument {
	return types.RoleEventArgument{RoleId: id, EventArgument: types.EventArgument{}}
}

func checkPrivileges(ids []string) ([]string, error) {
	known := authority.grant[roleAdmin]
	set := map[string]bool{"System.Anonymous": true, "System.Read": true, "System.View": true}
	for _, id := range ids {
		if !known[id] {
			return nil, invalidArgument("privIds")
		}
		set[id] = true
	}
	out := make([]string, 0, len(set))
	for id := range set {
		out = append(out, id)
	}
	return out, nil
}

func privilegeList() []types.AuthorizationPrivilege {
	var out []types.AuthorizationPrivilege
	for _, id := range authority.roles[roleAdmin].Privilege {
		group, name := "", id
		if i := lastDot(id); i >= 0 {
			group, name = id[:i], id[i+1:]
		}
		out = append(out, types.AuthorizationPrivilege{PrivId: id, Name: name, PrivGroupName: group})
	}
	return out
}
