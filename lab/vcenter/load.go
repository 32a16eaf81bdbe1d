package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// estateFileShape is the inventory file: objects in vSphere's own words. The launcher makes it from lab/belnet.
type estateFileShape struct {
	API         string                 `json:"api"`
	About       map[string]interface{} `json:"about"`
	Root        string                 `json:"root"`
	Accounts    []account              `json:"accounts"`
	Roles       []roleShape            `json:"roles"`
	Permissions []permissionShape      `json:"permissions"`
	Settings    []interface{}          `json:"settings"`
	Fields      []interface{}          `json:"fields"`
	Objects     []objectShape          `json:"objects"`
	Alarms      []objectShape          `json:"alarms"`
	Scheduled   []objectShape          `json:"scheduled"`
	Extensions  []interface{}          `json:"extensions"`
	Events      []eventShape           `json:"events"`
}

type roleShape struct {
	ID         int32    `json:"id"`
	Name       string   `json:"name"`
	Privileges []string `json:"privileges"`
}

type permissionShape struct {
	Entity    string `json:"entity"`
	Principal string `json:"principal"`
	Group     bool   `json:"group"`
	Role      int32  `json:"role"`
	Propagate bool   `json:"propagate"`
}

type objectShape struct {
	Ref   string                 `json:"ref"` // Type:value
	Props map[string]interface{} `json:"props"`
	Lab   json.RawMessage        `json:"lab"` // what is read through methods only, see hostFacts
}

type eventShape struct {
	Type    string                 `json:"type"`
	AgoSecs int                    `json:"ago_s"`
	Times   int                    `json:"times"` // so many of them, all at one time
	Props   map[string]interface{} `json:"props"`
}

func readEstate(path string) (*estateFileShape, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e := &estateFileShape{}
	return e, json.NewDecoder(f).Decode(e)
}

func parseRef(s string) types.ManagedObjectReference {
	i := strings.IndexByte(s, ':')
	if i < 0 {
		panic("reference without a type: " + s)
	}
	return types.ManagedObjectReference{Type: s[:i], Value: s[i+1:]}
}

// fill puts the whole inventory into the registry.
func (e *estateFileShape) fill() {
	content := &serviceInstance.Content
	content.About = types.AboutInfo{}
	fillValue(reflect.ValueOf(&content.About).Elem(), e.About, "AboutInfo")
	e.root(content)
	for i := range e.Objects {
		create(parseRef(e.Objects[i].Ref))
	}
	for i := range e.Objects {
		e.Objects[i].apply()
	}
	e.accounts()
	e.managers(content)
	for _, s := range e.Events {
		s.post()
	}
	reportProblems()
}

// root renames the root folder the way the product does (ha-folder-root on a host).
func (e *estateFileShape) root(content *types.ServiceContent) {
	if e.Root != "" && e.Root != content.RootFolder.Value {
		f := simulator.Map.Get(content.RootFolder).(*simulator.Folder)
		simulator.Map.Remove(content.RootFolder)
		f.Self.Value = e.Root
		content.RootFolder.Value = e.Root
		simulator.Map.Put(f)
	}
	f := simulator.Map.Get(content.RootFolder).(*simulator.Folder)
	f.ChildEntity = nil
	if content.About.ApiType == "HostAgent" {
		content.AlarmManager, content.ScheduledTaskManager, content.CustomFieldsManager, content.ExtensionManager = nil, nil, nil, nil
		content.CustomizationSpecManager, content.DvSwitchManager, content.ClusterProfileManager = nil, nil, nil
	}
}

// create makes an empty object of the library's type, or a plain one.
func create(ref types.ManagedObjectReference) mo.Reference {
	if o := simulator.Map.Get(ref); o != nil {
		return o
	}
	var o mo.Reference
	switch ref.Type {
	case "Folder":
		o = &simulator.Folder{}
	case "Datacenter":
		o = &simulator.Datacenter{}
	case "ClusterComputeResource":
		o = &simulator.ClusterComputeResource{}
	case "ComputeResource":
		o = &mo.ComputeResource{}
	case "ResourcePool":
		o = &simulator.ResourcePool{}
	case "HostSystem":
		o = &simulator.HostSystem{}
	case "VirtualMachine":
		o = &simulator.VirtualMachine{}
	case "Datastore":
		o = &simulator.Datastore{}
	case "Network":
		o = &mo.Network{}
	case "VmwareDistributedVirtualSwitch", "DistributedVirtualSwitch":
		o = &simulator.DistributedVirtualSwitch{}
	case "DistributedVirtualPortgroup":
		o = &simulator.DistributedVirtualPortgroup{}
	default:
		panic("cannot make a " + ref.Type)
	}
	moValue(o).FieldByName("Self").Set(reflect.ValueOf(ref))
	simulator.Map.Put(o)
	return o
}

// apply sets an object's properties from the file and finishes it by its kind.
func (s *objectShape) apply() {
	ref := parseRef(s.Ref)
	o := simulator.Map.Get(ref)
	v := moValue(o)
	for name, raw := range s.Props {
		p, ok := tables.managedProp(ref.Type, name)
		if !ok && p.Type == "" {
			problem("%s: no property %q", s.Ref, name)
			continue
		}
		setMember(v, name, raw, p.Type)
	}
	switch x := o.(type) {
	case *simulator.HostSystem:
		finishHost(x, s.Lab)
	case *simulator.VirtualMachine:
		finishGuest(x, s.Lab)
	case *simulator.ClusterComputeResource:
		x.EnvironmentBrowser = browser(ref)
	case *mo.ComputeResource:
		x.EnvironmentBrowser = browser(ref)
	case *simulator.Datastore:
		x.Info.GetDatastoreInfo().Url = datastoreDir(ref.Value)
	}
}

// browser gives a compute resource the object that tells what guests it can run; the library wants one on every create.
func browser(owner types.ManagedObjectReference) *types.ManagedObjectReference {
	ref := types.ManagedObjectReference{Type: "EnvironmentBrowser", Value: "envbrowser-" + owner.Value}
	b := &simulator.EnvironmentBrowser{}
	b.Self = ref
	simulator.Map.Put(b)
	return &ref
}

// setMember sets a named member of a struct from JSON, or keeps it beside the struct when the library lacks it.
func setMember(v reflect.Value, name string, raw interface{}, declared string) {
	f := planOf(v.Type()).byName[name]
	if f == nil {
		if field := findField(v.Type(), name); field != nil {
			fillValue(v.FieldByIndex(field), raw, declared)
			return
		}
		if _, ok := tables.anyVersionProp(v.Type().Name(), name); !ok {
			problem("%s has no member %q", v.Type(), name)
			return
		}
		setExtra(v.Addr().Interface(), name, toDynamic(declared, raw))
		return
	}
	fillValue(v.FieldByIndex(f.index), raw, declared)
}

// findField looks past the version filter: a value may be set that this endpoint never shows.
func findField(t reflect.Type, name string) []int {
	f, ok := t.FieldByName(strings.ToUpper(name[:1]) + name[1:])
	if !ok || f.Anonymous {
		return nil
	}
	return f.Index
}

func fillValue(v reflect.Value, raw interface{}, declared string) {
	if raw == nil {
		return
	}
	t := v.Type()
	switch {
	case t == timeType:
		v.Set(reflect.ValueOf(parseTime(raw)))
	case t == refType:
		v.Set(reflect.ValueOf(parseRef(raw.(string))))
	case t.Kind() == reflect.Ptr:
		p := reflect.New(t.Elem())
		fillValue(p.Elem(), raw, declared)
		v.Set(p)
	case t.Kind() == reflect.Interface:
		v.Set(anyValue(raw, declared))
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		v.SetBytes([]byte(raw.(string)))
	case t.Kind() == reflect.Slice:
		fillSlice(v, raw, declared)
	case t.Kind() == reflect.Struct:
		fillStruct(v, raw, declared)
	case t.Kind() == reflect.String:
		v.SetString(fmt.Sprint(raw))
	case t.Kind() == reflect.Bool:
		v.SetBool(raw.(bool))
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		v.SetFloat(raw.(float64))
	case t.Kind() == reflect.Uint8:
		v.SetUint(uint64(raw.(float64)))
	default:
		v.SetInt(int64(raw.(float64)))
	}
}

func fillSlice(v reflect.Value, raw interface{}, declared string) {
	list, ok := raw.([]interface{})
	if !ok {
		problem("%s %s wants a list, got %v", declared, v.Type(), raw)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(list), len(list))
	for i := range list {
		fillValue(out.Index(i), list[i], trimList(declared))
	}
	v.Set(out)
}

func fillStruct(v reflect.Value, raw interface{}, declared string) {
	m, ok := raw.(map[string]interface{})
	if !ok {
		problem("%s wants members, got %v", v.Type(), raw)
		return
	}
	for name, x := range m {
		if name != "_type" {
			p, _ := tables.anyVersionProp(v.Type().Name(), name)
			setMember(v, name, x, p.Type)
		}
	}
}

// anyValue makes the value of a polymorphic member: _type names the class; numbers are int unless {"long": n}.
func anyValue(raw interface{}, declared string) reflect.Value {
	switch x := raw.(type) {
	case map[string]interface{}:
		if n, ok := x["long"].(float64); ok && len(x) == 1 {
			return reflect.ValueOf(int64(n))
		}
		kind, _ := x["_type"].(string)
		if kind == "" {
			kind = declared
		}
		t, ok := types.TypeFunc()(kind)
		if !ok {
			problem("no type %s", kind)
			return reflect.Zero(reflect.TypeOf((*interface{})(nil)).Elem())
		}
		p := reflect.New(t)
		fillStruct(p.Elem(), x, kind)
		return p
	case float64:
		return reflect.ValueOf(int32(x))
	case string:
		if declared == "" || declared == "xsd:string" || !strings.Contains(x, ":") || !tables.isA(strings.SplitN(x, ":", 2)[0], "ManagedObject") {
			return reflect.ValueOf(x)
		}
		return reflect.ValueOf(x)
	}
	return reflect.ValueOf(raw)
}

func parseTime(raw interface{}) time.Time {
	switch x := raw.(type) {
	case float64: // seconds relative to now
		return time.Now().Add(time.Duration(x) * time.Second)
	case string:
		t, err := time.Parse(time.RFC3339, x)
		if err != nil {
			panic(err)
		}
		return t
	}
	panic(fmt.Sprintf("not a time: %v", raw))
}

func (e *estateFileShape) accounts() {
	for i := range e.Accounts {
		sessions.accounts[e.Accounts[i].User] = &e.Accounts[i]
	}
	for _, r := range e.Roles {
		authority.setRole(types.AuthorizationRole{RoleId: r.ID, Name: r.Name, Privilege: r.Privileges,
			Info: &types.Description{Label: r.Name, Summary: r.Name}})
		if r.ID >= authority.next {
			authority.next = r.ID + 1
		}
	}
	for _, p := range e.Permissions {
		ref := rootRef()
		if p.Entity != "" {
			ref = parseRef(p.Entity)
		}
		at := ref
		authority.sets[ref] = append(authority.sets[ref], types.Permission{Entity: &at, Principal: p.Principal, Group: p.Group,
			RoleId: p.Role, Propagate: p.Propagate})
	}
}

func (s eventShape) post() {
	t, ok := types.TypeFunc()(s.Type)
	if !ok {
		panic("no event type " + s.Type)
	}
	p := reflect.New(t)
	fillStruct(p.Elem(), s.Props, s.Type)
	e := p.Interface().(types.BaseEvent)
	e.GetEvent().CreatedTime = time.Now().Add(-time.Duration(s.AgoSecs) * time.Second)
	post(e)
}

var problems = map[string]bool{}

// problem notes a mistake in the file; all of them are reported at once.
func problem(format string, args ...interface{}) { problems[fmt.Sprintf(format, args...)] = true }

func reportProblems() {
	if len(problems) == 0 {
		return
	}
	for p := range problems {
		fmt.Fprintln(os.Stderr, "panic: estate:", p)
	}
	os.Exit(1)
}
