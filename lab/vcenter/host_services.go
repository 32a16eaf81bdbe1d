package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func serviceOf(h *simulator.HostSystem, id string) (*types.HostService, error) {
	if h.Config.Service != nil {
		for i := range h.Config.Service.Service {
			if s := &h.Config.Service.Service[i]; s.Key == id {
				return s, nil
			}
		}
	}
	return nil, notFound(id)
}

func init() {
	on("HostServiceSystem", "StartService", func(c *call, r *types.StartService) (interface{}, error) {
		return nil, setRunning(c, r.Id, true)
	})
	on("HostServiceSystem", "StopService", func(c *call, r *types.StopService) (interface{}, error) {
		return nil, setRunning(c, r.Id, false)
	})
	on("HostServiceSystem", "RestartService", func(c *call, r *types.RestartService) (interface{}, error) {
		s, err := serviceOf(hostFor(c), r.Id)
		if err == nil && !s.Running {
			err = fail(&types.InvalidState{}, "The service is not running.")
		}
		return nil, err
	})
	on("HostServiceSystem", "UpdateServicePolicy", func(c *call, r *types.UpdateServicePolicy) (interface{}, error) {
		s, err := serviceOf(hostFor(c), r.Id)
		if err != nil {
			return nil, err
		}
		if r.Policy != "on" && r.Policy != "off" && r.Policy != "automatic" {
			return nil, invalidArgument("policy")
		}
		s.Policy = r.Policy
		return nil, nil
	})
	reader("HostServiceSystem", "RefreshServices", func(c *call, _ *types.RefreshServices) (interface{}, error) { return nil, nil })
	compute("HostServiceSystem", "serviceInfo", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.Service
	})
}

func setRunning(c *call, id string, to bool) error {
	s, err := serviceOf(hostFor(c), id)
	if err != nil {
		return err
	}
	if s.Running == to {
		return fail(&types.InvalidState{}, "The service is already in that state.")
	}
	s.Running = to
	return nil
}
