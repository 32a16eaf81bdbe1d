package main

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// managers fills the server-wide managers from the file.
func (e *estateFileShape) managers(content *types.ServiceContent) {
	if m, ok := simulator.Map.Get(*content.Setting).(*simulator.OptionManager); ok {
		m.Setting = nil
		for _, raw := range e.Settings {
			o := &types.OptionValue{}
			fillStruct(reflect.ValueOf(o).Elem(), raw, "OptionValue")
			m.Setting = append(m.Setting, o)
		}
	}
	if content.CustomFieldsManager != nil {
		m := simulator.Map.Get(*content.CustomFieldsManager).(*simulator.CustomFieldsManager)
		for _, raw := range e.Fields {
			var d types.CustomFieldDef
			fillStruct(reflect.ValueOf(&d).Elem(), raw, "CustomFieldDef")
			m.Field = append(m.Field, d)
		}
	}
	if content.AlarmManager != nil {
		simulator.Map.Put(&mo.AlarmManager{Self: *content.AlarmManager})
		for i := range e.Alarms {
			a := &mo.Alarm{}
			a.Self = parseRef(e.Alarms[i].Ref)
			putPlain(a, e.Alarms[i].Props)
		}
	}
	if content.ScheduledTaskManager != nil {
		m := &mo.ScheduledTaskManager{Self: *content.ScheduledTaskManager}
		for i := range e.Scheduled {
			s := &mo.ScheduledTask{}
			s.Self = parseRef(e.Scheduled[i].Ref)
			putPlain(s, e.Scheduled[i].Props)
			m.ScheduledTask = append(m.ScheduledTask, s.Self)
		}
		simulator.Map.Put(m)
	}
	if content.ExtensionManager != nil && len(e.Extensions) > 0 {
		m := &mo.ExtensionManager{Self: *content.ExtensionManager}
		for _, raw := range e.Extensions {
			var x types.Extension
			fillStruct(reflect.ValueOf(&x).Elem(), raw, "Extension")
			m.ExtensionList = append(m.ExtensionList, x)
		}
		simulator.Map.Put(m)
	}
}

func putPlain(o mo.Reference, props map[string]interface{}) {
	v := reflect.ValueOf(o).Elem()
	for name, raw := range props {
		p, _ := tables.managedProp(o.Reference().Type, name)
		setMember(v, name, raw, p.Type)
	}
	simulator.Map.Put(o)
}
