package main

import (
	"encoding/json"
	"os"
	"strings"
)

// property is one row of the vendor's type tables: declared type, version id and (managed objects only) privilege.
type property struct {
	Type      string
	Version   int
	Privilege string
}

func (p *property) UnmarshalJSON(b []byte) error {
	row := []interface{}{&p.Type, &p.Version, &p.Privilege}
	return json.Unmarshal(b, &row)
}

// method is one method row: version id and privilege.
type method struct {
	Version   int
	Privilege string
}

func (m *method) UnmarshalJSON(b []byte) error {
	row := []interface{}{&m.Version, &m.Privilege}
	return json.Unmarshal(b, &row)
}

type typeRow struct {
	Base    string              `json:"base"`
	Version int                 `json:"v"`
	Props   map[string]property `json:"props"`
	Methods map[string]method   `json:"methods"`
}

// typeTables say what exists in which API version; made from pyVmomi by tables.py.
type typeTables struct {
	APIs    map[string][]int   `json:"apis"`
	Managed map[string]typeRow `json:"managed"`
	Data    map[string]typeRow `json:"data"`
	Enums   map[string]int     `json:"enums"`

	api map[int]bool
}

var tables typeTables

func loadTables(path, api string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err = json.Unmarshal(b, &tables); err != nil {
		return err
	}
	tables.setAPI(api)
	return nil
}

func (t *typeTables) setAPI(api string) {
	t.api = map[int]bool{}
	for _, id := range t.APIs[api] {
		t.api[id] = true
	}
}

// managedProp finds a property of a managed type or its bases; false when unknown or newer than the endpoint.
func (t *typeTables) managedProp(kind, name string) (property, bool) {
	for k := kind; k != ""; k = t.Managed[k].Base {
		if p, ok := t.Managed[k].Props[name]; ok {
			return p, t.api[p.Version]
		}
	}
	return property{}, false
}

func (t *typeTables) dataProp(kind, name string) (property, bool) {
	for k := kind; k != ""; k = t.Data[k].Base {
		if p, ok := t.Data[k].Props[name]; ok {
			return p, t.api[p.Version]
		}
	}
	return property{}, false
}

// dataType says whether a data object type exists at all and whether this endpoint's API has it.
func (t *typeTables) dataType(kind string) (known, allowed bool) {
	row, ok := t.Data[kind]
	return ok, ok && t.api[row.Version]
}

func (t *typeTables) method(kind, name string) (method, bool) {
	for k := kind; k != ""; k = t.Managed[k].Base {
		if m, ok := t.Managed[k].Methods[name]; ok {
			return m, t.api[m.Version]
		}
	}
	return method{}, false
}

// isA says whether a managed type is base or derives from it.
func (t *typeTables) isA(kind, base string) bool {
	for k := kind; k != ""; k = t.Managed[k].Base {
		if k == base || (base == "ManagedObject" && k == "vmodl.ManagedObject") {
			return true
		}
	}
	return false
}

// props lists every property name of a managed type that this endpoint's API has.
func (t *typeTables) props(kind string) []string {
	var names []string
	for k := kind; k != ""; k = t.Managed[k].Base {
		for name, p := range t.Managed[k].Props {
			if t.api[p.Version] {
				names = append(names, name)
			}
		}
	}
	return names
}

// resolve checks a property path against the declared types and returns the privilege that its first step needs.
func (t *typeTables) resolve(kind, path string) (privilege string, ok bool) {
	steps := strings.Split(path, ".")
	p, ok := t.managedProp(kind, steps[0])
	if !ok {
		return "", false
	}
	privilege = p.Privilege
	if privilege == "" {
		privilege = "System.Read"
	}
	declared := p.Type
	for _, step := range steps[1:] {
		p, ok = t.dataProp(declared, step)
		if !ok {
			return "", false
		}
		declared = p.Type
	}
	return privilege, true
}
