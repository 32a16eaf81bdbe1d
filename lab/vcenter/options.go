package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Advanced options of a host, or of the management server; a change must name a known key and keep its type.

func init() {
	reader("OptionManager", "QueryOptions", func(c *call, r *types.QueryOptions) (interface{}, error) {
		var out []types.BaseOptionValue
		for _, o := range *settings(c.this) {
			key := o.GetOptionValue().Key
			if r.Name == "" || key == r.Name || strings.HasSuffix(r.Name, ".") && strings.HasPrefix(key, r.Name) {
				out = append(out, o)
			}
		}
		if len(out) == 0 {
			return nil, fail(&types.InvalidName{Name: r.Name}, "A specified parameter was not correct: name "+r.Name)
		}
		return out, nil
	})
	on("OptionManager", "UpdateOptions", updateOptions)
	compute("OptionManager", "setting", func(c *call, ref types.ManagedObjectReference) interface{} { return *settings(ref) })
	compute("OptionManager", "supportedOption", func(c *call, ref types.ManagedObjectReference) interface{} { return optionDefs(ref) })
}

func settings(ref types.ManagedObjectReference) *[]types.BaseOptionValue {
	if h := hostOf[ref.Value]; h != nil {
		return &h.Config.Option
	}
	return &simulator.Map.Get(*serviceContent().Setting).(*simulator.OptionManager).Setting
}

func updateOptions(c *call, r *types.UpdateOptions) (interface{}, error) {
	all := *settings(c.this)
	at := map[string]*types.OptionValue{}
	for _, o := range all {
		at[o.GetOptionValue().Key] = o.GetOptionValue()
	}
	for _, change := range r.ChangedValue { // all are checked before one is set
		v := change.GetOptionValue()
		old := at[v.Key]
		if old == nil {
			if hostOf[c.this.Value] == nil && strings.HasPrefix(v.Key, "config.") {
				continue // vCenter takes new keys under config.
			}
			return nil, fail(&types.InvalidName{Name: v.Key}, "A specified parameter was not correct: unknown option "+v.Key)
		}
		if !sameType(old.Value, v.Value) {
			return nil, fail(&types.InvalidArgument{InvalidProperty: v.Key},
				fmt.Sprintf("A specified parameter was not correct: %s wants %s, got %s", v.Key, kindName(old.Value), kindName(v.Value)))
		}
	}
	for _, change := range r.ChangedValue {
		v := change.GetOptionValue()
		if old := at[v.Key]; old != nil {
			old.Value = v.Value
		} else {
			all = append(all, &types.OptionValue{Key: v.Key, Value: v.Value})
		}
	}
	*settings(c.this) = all
	return nil, nil
}

func sameType(a, b interface{}) bool { return kindName(a) == kindName(b) }

func kindName(v interface{}) string {
	t := xsiType(reflect.ValueOf(v))
	if v == nil {
		return "nothing"
	}
	return strings.TrimPrefix(t, "xsd:")
}

func optionDefs(ref types.ManagedObjectReference) []types.OptionDef {
	var out []types.OptionDef
	for _, o := range *settings(ref) {
		v := o.GetOptionValue()
		d := types.OptionDef{ElementDescription: types.ElementDescription{Description: types.Description{Label: v.Key, Summary: v.Key}, Key: v.Key}}
		writable := types.OptionType{ValueIsReadonly: types.NewBool(false)}
		switch x := v.Value.(type) {
		case bool:
			d.OptionType = &types.BoolOption{OptionType: writable, Supported: true, DefaultValue: x}
		case int64:
			d.OptionType = &types.LongOption{OptionType: writable, Min: 0, Max: 1 << 40, DefaultValue: x}
		case int32:
			d.OptionType = &types.IntOption{OptionType: writable, Min: 0, Max: 1 << 30, DefaultValue: x}
		default:
			d.OptionType = &types.StringOption{OptionType: writable, DefaultValue: fmt.Sprint(x)}
		}
		out = append(out, d)
	}
	return out
}
