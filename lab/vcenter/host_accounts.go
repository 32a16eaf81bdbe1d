package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Local accounts of a host, and the search for users: vCenter's own directory, or a host's accounts.

func init() {
	const kind = "HostLocalAccountManager"
	on(kind, "CreateUser", func(c *call, r *types.CreateUser) (interface{}, error) {
		f, s := factsFor(c), r.User.GetHostAccountSpec()
		if s.Id == "" || s.Password == "" {
			return nil, invalidArgument("user")
		}
		if f.user(s.Id) != nil {
			return nil, fail(&types.AlreadyExists{Name: s.Id}, "The account exists already.")
		}
		f.Users = append(f.Users, hostUser{ID: s.Id, Description: s.Description})
		return nil, nil
	})
	on(kind, "UpdateUser", func(c *call, r *types.UpdateUser) (interface{}, error) {
		s := r.User.GetHostAccountSpec()
		u := factsFor(c).user(s.Id)
		if u == nil {
			return nil, fail(&types.UserNotFound{Principal: s.Id}, "The user is not known.")
		}
		if s.Description != "" {
			u.Description = s.Description
		}
		return nil, nil
	})
	on(kind, "RemoveUser", func(c *call, r *types.RemoveUser) (interface{}, error) {
		f := factsFor(c)
		for i := range f.Users {
			if f.Users[i].ID == r.UserName {
				f.Users = append(f.Users[:i:i], f.Users[i+1:]...)
				return nil, nil
			}
		}
		return nil, fail(&types.UserNotFound{Principal: r.UserName}, "The user is not known.")
	})
	reader("UserDirectory", "RetrieveUserGroups", searchUsers)
}

func searchUsers(c *call, r *types.RetrieveUserGroups) (interface{}, error) {
	out := []types.BaseUserSearchResult{}
	add := func(name, full string, group bool) {
		if r.SearchStr == "" || name == r.SearchStr || !r.ExactMatch && containsText(name, r.SearchStr) {
			out = append(out, &types.UserSearchResult{Principal: name, FullName: full, Group: group})
		}
	}
	if r.FindUsers {
		if serviceContent().About.ApiType == "HostAgent" {
			for _, e := range simulator.Map.All("HostSystem") {
				for _, u := range facts[e.Reference().Value].Users {
					add(u.ID, u.Description, false)
				}
			}
		} else {
			for _, a := range sessions.accounts {
				add(a.User, a.FullName, false)
			}
		}
	}
	if r.FindGroups {
		seen := map[string]bool{}
		for _, a := range sessions.accounts {
			for _, g := range a.Groups {
				if !seen[g] {
					seen[g] = true
					add(g, g, true)
				}
			}
		}
	}
	return out, nil
}
