package main

import (
	"sort"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func alarms() []*mo.Alarm {
	var out []*mo.Alarm
	for i := 1; i < 500; i++ {
		if a, ok := find[*mo.Alarm](types.ManagedObjectReference{Type: "Alarm", Value: "alarm-" + itoa(i)}); ok {
			out = append(out, a)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Info.Key < out[j].Info.Key })
	return out
}

func init() {
	const kind = "AlarmManager"
	reader(kind, "GetAlarm", func(c *call, r *types.GetAlarm) (interface{}, error) {
		out := []types.ManagedObjectReference{}
		for _, a := range alarms() {
			if r.Entity == nil || *r.Entity == a.Info.Entity {
				out = append(out, a.Self)
			}
		}
		return out, nil
	})
	on(kind, "CreateAlarm", func(c *call, r *types.CreateAlarm) (interface{}, error) {
		spec := r.Spec.GetAlarmSpec()
		for _, a := range alarms() {
			if a.Info.Name == spec.Name {
				return nil, fail(&types.DuplicateName{Name: spec.Name, Object: a.Self}, "An alarm of that name exists.")
			}
		}
		n := 1
		for {
			ref := types.ManagedObjectReference{Type: "Alarm", Value: "alarm-" + itoa(n)}
			if simulator.Map.Get(ref) == nil {
				a := &mo.Alarm{}
				a.Self = ref
				a.Info = types.AlarmInfo{AlarmSpec: *spec, Key: ref.Value, Alarm: ref, Entity: r.Entity, LastModifiedTime: time.Now(),
					LastModifiedUser: c.session.UserName}
				simulator.Map.Put(a)
				return ref, nil
			}
			n++
		}
	})
	on("Alarm", "ReconfigureAlarm", func(c *call, r *types.ReconfigureAlarm) (interface{}, error) {
		a, _ := find[*mo.Alarm](c.this)
		a.Info.AlarmSpec = *r.Spec.GetAlarmSpec()
		a.Info.LastModifiedTime, a.Info.LastModifiedUser = time.Now(), c.session.UserName
		return nil, nil
	})
	on("Alarm", "RemoveAlarm", func(c *call, _ *types.RemoveAlarm) (interface{}, error) {
		simulator.Map.Remove(c.this)
		return nil, nil
	})
	on("ScheduledTask", "RemoveScheduledTask", func(c *call, _ *types.RemoveScheduledTask) (interface{}, error) {
		simulator.Map.Remove(c.this)
		m, _ := find[*mo.ScheduledTaskManager](*serviceContent().ScheduledTaskManager)
		m.ScheduledTask = without(m.ScheduledTask, []types.ManagedObjectReference{c.this})
		return nil, nil
	})
	reader("ScheduledTaskManager", "RetrieveEntityScheduledTask", func(c *call, r *types.RetrieveEntityScheduledTask) (interface{}, error) {
		m, _ := find[*mo.ScheduledTaskManager](c.this)
		return m.ScheduledTask, nil
	})
	on("ExtensionManager", "UnregisterExtension", func(c *call, r *types.UnregisterExtension) (interface{}, error) {
		m, _ := find[*mo.ExtensionManager](c.this)
		for i := range m.ExtensionList {
			if m.ExtensionList[i].Key == r.ExtensionKey {
				m.ExtensionList = append(m.ExtensionList[:i:i], m.ExtensionList[i+1:]...)
				return nil, nil
			}
		}
		return nil, notFound(r.ExtensionKey)
	})
}
