package main

import (
	"encoding/json"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// hostOf gives the host that a subsystem (firewall, network ...) belongs to, by the subsystem's reference value.
var hostOf = map[string]*simulator.HostSystem{}

// hostFacts is what a host tells through methods only.
type hostFacts struct {
	Exceptions  []string                 `json:"lockdown_exceptions"`
	Acceptance  string                   `json:"acceptance"`
	Packages    []map[string]interface{} `json:"packages"`
	Modules     []map[string]interface{} `json:"modules"`
	Certificate map[string]interface{}   `json:"certificate"`
	TpmReport   bool                     `json:"tpm_report"`
	Users       []hostUser               `json:"users"`
	BootDevice  string                   `json:"boot_device"`
}

type hostUser struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Shell       bool   `json:"shell"`
}

var facts = map[string]*hostFacts{} // by host reference value

// finishHost gives a host its subsystem objects.
func finishHost(h *simulator.HostSystem, lab json.RawMessage) {
	f := &hostFacts{}
	if len(lab) > 0 {
		if err := json.Unmarshal(lab, f); err != nil {
			panic(err)
		}
	}
	facts[h.Self.Value] = f
	h.Summary.Host = &h.Self
	if h.Summary.Runtime == nil {
		h.Summary.Runtime = &h.Runtime
	}
	if h.Config != nil {
		h.Config.Host = h.Self
	}
	subsystems(h)
}

// subsystems registers the objects that configManager names; each is plain, its methods are found by type.
func subsystems(h *simulator.HostSystem) {
	m := &h.ConfigManager
	put := func(slot **types.ManagedObjectReference, name string, make func(types.ManagedObjectReference) mo.Reference) {
		kind := "Host" + name
		if name == "OptionManager" {
			kind = name
		}
		ref := types.ManagedObjectReference{Type: kind, Value: lower(name) + "-" + h.Self.Value}
		simulator.Map.Put(make(ref))
		hostOf[ref.Value] = h
		*slot = &ref
	}
	put(&m.ServiceSystem, "ServiceSystem", func(r types.ManagedObjectReference) mo.Reference {
		o := &mo.HostServiceSystem{}
		o.Self = r
		return o
	})
	put(&m.FirewallSystem, "FirewallSystem", func(r types.ManagedObjectReference) mo.Reference {
		o := &mo.HostFirewallSystem{}
		o.Self = r
		return o
	})
	put(&m.AdvancedOption, "OptionManager", func(r types.ManagedObjectReference) mo.Reference {
		return &mo.OptionManager{Self: r}
	})
	put(&m.NetworkSystem, "NetworkSystem", func(r types.ManagedObjectReference) mo.Reference {
		o := &mo.HostNetworkSystem{}
		o.Self = r
		return o
	})
	put(&m.StorageSystem, "StorageSystem", func(r types.ManagedObjectReference) mo.Reference {
		o := &mo.HostStorageSystem{}
		o.Self = r
		return o
	})
	put(&m.DatastoreSystem, "DatastoreSystem", func(r types.ManagedObjectReference) mo.Reference {
		return &simulator.HostDatastoreSystem{HostDatastoreSystem: mo.HostDatastoreSystem{Self: r}, Host: &h.HostSystem}
	})
	put(&m.DateTimeSystem, "DateTimeSystem", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostDateTimeSystem{Self: r} })
	put(&m.VirtualNicManager, "VirtualNicManager", func(r types.ManagedObjectReference) mo.Reference {
		o := &mo.HostVirtualNicManager{}
		o.Self = r
		return o
	})
	put(&m.AccountManager, "LocalAccountManager", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostLocalAccountManager{Self: r} })
	put(&m.HostAccessManager, "AccessManager", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostAccessManager{Self: r} })
	put(&m.ImageConfigManager, "ImageConfigManager", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostImageConfigManager{Self: r} })
	put(&m.KernelModuleSystem, "KernelModuleSystem", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostKernelModuleSystem{Self: r} })
	put(&m.CertificateManager, "CertificateManager", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostCertificateManager{Self: r} })
	put(&m.BootDeviceSystem, "BootDeviceSystem", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostBootDeviceSystem{Self: r} })
	put(&m.SnmpSystem, "SnmpSystem", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostSnmpSystem{Self: r} })
	put(&m.AuthenticationManager, "AuthenticationManager", func(r types.ManagedObjectReference) mo.Reference { return &mo.HostAuthenticationManager{Self: r} })
}

// hostFor gives the host that a call's object belongs to.
func hostFor(c *call) *simulator.HostSystem {
	if h := hostOf[c.this.Value]; h != nil {
		return h
	}
	h, _ := find[*simulator.HostSystem](c.this)
	return h
}

// factsFor gives the facts of a call's host.
func factsFor(c *call) *hostFacts { return facts[hostFor(c).Self.Value] }
