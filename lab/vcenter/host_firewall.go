package main

import (
	"net"

	"github.com/vmware/govmomi/vim25/types"
)

func rulesetOf(c *call, id string) (*types.HostFirewallRuleset, error) {
	f := hostFor(c).Config.Firewall
	if f == nil {
		return nil, fail(&types.NotSupported{}, "The host has no firewall.")
	}
	for i := range f.Ruleset {
		if r := &f.Ruleset[i]; r.Key == id {
			return r, nil
		}
	}
	return nil, notFound(id)
}

func init() {
	on("HostFirewallSystem", "EnableRuleset", func(c *call, r *types.EnableRuleset) (interface{}, error) {
		return nil, setRuleset(c, r.Id, true)
	})
	on("HostFirewallSystem", "DisableRuleset", func(c *call, r *types.DisableRuleset) (interface{}, error) {
		return nil, setRuleset(c, r.Id, false)
	})
	on("HostFirewallSystem", "UpdateRuleset", func(c *call, r *types.UpdateRuleset) (interface{}, error) {
		rs, err := rulesetOf(c, r.Id)
		if err != nil {
			return nil, err
		}
		a := r.Spec.AllowedHosts
		for _, ip := range a.IpAddress {
			if net.ParseIP(ip) == nil {
				return nil, invalidArgument("spec.allowedHosts.ipAddress")
			}
		}
		for _, n := range a.IpNetwork {
			ip := net.ParseIP(n.Network)
			if ip == nil || n.PrefixLength < 0 || n.PrefixLength > 128 || ip.To4() != nil && n.PrefixLength > 32 {
				return nil, invalidArgument("spec.allowedHosts.ipNetwork")
			}
		}
		if a.AllIp && len(a.IpAddress)+len(a.IpNetwork) > 0 {
			return nil, invalidArgument("spec.allowedHosts.allIp")
		}
		rs.AllowedHosts = &a
		return nil, nil
	})
	on("HostFirewallSystem", "UpdateDefaultPolicy", func(c *call, r *types.UpdateDefaultPolicy) (interface{}, error) {
		f := hostFor(c).Config.Firewall
		if f == nil {
			return nil, fail(&types.NotSupported{}, "The host has no firewall.")
		}
		if r.DefaultPolicy.IncomingBlocked != nil {
			f.DefaultPolicy.IncomingBlocked = r.DefaultPolicy.IncomingBlocked
		}
		if r.DefaultPolicy.OutgoingBlocked != nil {
			f.DefaultPolicy.OutgoingBlocked = r.DefaultPolicy.OutgoingBlocked
		}
		return nil, nil
	})
	reader("HostFirewallSystem", "RefreshFirewall", func(c *call, _ *types.RefreshFirewall) (interface{}, error) { return nil, nil })
	compute("HostFirewallSystem", "firewallInfo", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.Firewall
	})
}

func setRuleset(c *call, id string, enabled bool) error {
	rs, err := rulesetOf(c, id)
	if err != nil {
		return err
	}
	if rs.Required && !enabled {
		return fail(&types.HostConfigFault{}, "The ruleset is required.")
	}
	rs.Enabled = enabled
	return nil
}
