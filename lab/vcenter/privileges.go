package main

import (
	"sort"
	"strings"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// Methods whose privilege the type tables leave open, because it depends on the arguments or stands on a parameter.
var openPrivileges = map[string]string{
	"Destroy_Task": "VirtualMachine.Inventory.Delete", "Rename_Task": "Folder.Rename", "PowerOnVM_Task": "VirtualMachine.Interact.PowerOn",
	"PowerOffVM_Task": "VirtualMachine.Interact.PowerOff", "CloneVM_Task": "VirtualMachine.Provisioning.Clone",
	"MigrateVM_Task": "Resource.HotMigrate", "RelocateVM_Task": "Resource.HotMigrate", "AcquireMksTicket": "VirtualMachine.Interact.ConsoleInteract",
	"AcquireTicket": "VirtualMachine.Interact.ConsoleInteract", "CreateVM_Task": "VirtualMachine.Inventory.Create",
	"SetEntityPermissions": "Authorization.ModifyPermissions", "RemoveEntityPermission": "Authorization.ModifyPermissions",
	"ResetEntityPermissions": "Authorization.ModifyPermissions", "AddAuthorizationRole": "Authorization.ModifyRoles",
	"UpdateAuthorizationRole": "Authorization.ModifyRoles", "RemoveAuthorizationRole": "Authorization.ModifyRoles",
	"MergePermissions": "Authorization.ReassignRolePermissions", "SetField": "Global.SetCustomField", "setCustomValue": "Global.SetCustomField",
	"AddCustomFieldDef": "Global.ManageCustomFields", "ReconfigureComputeResource_Task": "Host.Inventory.EditCluster",
	"ReconfigureDvs_Task": "DVSwitch.Modify", "ReconfigureDVPortgroup_Task": "DVPortgroup.Modify", "UpdateOptions": "Global.Settings",
	"UpdateConfig": "Resource.EditPool", "MoveIntoFolder_Task": "Folder.Move", "CreateSnapshot_Task": "VirtualMachine.State.CreateSnapshot",
	"EnterMaintenanceMode_Task": "Host.Config.Maintenance", "ExitMaintenanceMode_Task": "Host.Config.Maintenance",
	"CreateAlarm": "Alarm.Create", "ReconfigureAlarm": "Alarm.Edit", "RemoveAlarm": "Alarm.Delete", "RemoveScheduledTask": "ScheduledTask.Delete",
	"DropConnections": "VirtualMachine.Interact.ConsoleInteract", "CreateTask": "Task.Create", "CancelTask": "Global.CancelTask",
	"PostEvent": "Global.LogEvent", "LogUserEvent": "Global.LogEvent", "AddHost_Task": "Host.Inventory.AddHostToCluster",
	"CreateFolder": "Folder.Create", "CreateDatacenter": "Datacenter.Create", "CreateClusterEx": "Host.Inventory.CreateCluster",
	"MarkAsTemplate": "VirtualMachine.Provisioning.MarkAsTemplate", "MarkAsVirtualMachine": "VirtualMachine.Provisioning.MarkAsVM",
}

// methodPrivilege answers for a method whose table row is open.
func methodPrivilege(c *call) string {
	switch {
	case c.name == "ReconfigVM_Task":
		return reconfigPrivilege(c)
	case c.name == "Destroy_Task" && c.this.Type != "VirtualMachine":
		return "Folder.Delete"
	case c.name == "UpdateOptions" && hostOf[c.this.Value] != nil:
		return "Host.Config.AdvancedConfig"
	}
	if p, ok := openPrivileges[c.name]; ok {
		return p
	}
	for _, prefix := range []string{"Query", "Retrieve", "Find", "Fetch", "Get", "List", "Read", "Create", "Destroy", "Rewind", "Reset", "Set"} {
		if strings.HasPrefix(c.name, prefix) && !tables.isA(c.this.Type, "ManagedEntity") {
			return "System.View"
		}
	}
	return "System.Read"
}

// reconfigPrivilege names the first privilege that the parts of a VM reconfiguration need and the user lacks.
func reconfigPrivilege(c *call) string {
	r, ok := c.body.(*types.ReconfigVM_Task)
	if !ok {
		return "VirtualMachine.Config.Settings"
	}
	need := []string{}
	s := &r.Spec
	if len(s.ExtraConfig) > 0 {
		need = append(need, "VirtualMachine.Config.AdvancedConfig")
	}
	if s.CpuAllocation != nil || s.MemoryAllocation != nil {
		need = append(need, "VirtualMachine.Config.Resource")
	}
	if s.Annotation != "" {
		need = append(need, "VirtualMachine.Config.Annotation")
	}
	for _, d := range s.DeviceChange {
		switch d.GetVirtualDeviceConfigSpec().Operation {
		case types.VirtualDeviceConfigSpecOperationEdit:
			need = append(need, "VirtualMachine.Config.EditDevice")
		default:
			need = append(need, "VirtualMachine.Config.AddRemoveDevice")
		}
	}
	if len(need) == 0 {
		need = append(need, "VirtualMachine.Config.Settings")
	}
	for _, p := range need {
		if !authority.may(c.session.account, c.this, p) {
			return p
		}
	}
	return need[0]
}

// allPrivileges is everything that the library's administrator role, the type tables and we name.
func allPrivileges() []string {
	set := map[string]bool{}
	for _, r := range esx.RoleList {
		for _, p := range r.Privilege {
			set[p] = true
		}
	}
	for _, t := range tables.Managed {
		for _, m := range t.Methods {
			set[m.Privilege] = true
		}
		for _, p := range t.Props {
			set[p.Privilege] = true
		}
	}
	for _, p := range openPrivileges {
		set[p] = true
	}
	for _, p := range []string{"VirtualMachine.Config.Settings", "VirtualMachine.Config.AdvancedConfig", "VirtualMachine.Config.Resource",
		"VirtualMachine.Config.Annotation", "VirtualMachine.Config.EditDevice", "VirtualMachine.Config.AddRemoveDevice"} {
		set[p] = true
	}
	delete(set, "")
	out := make([]string, 0, len(set))
	for p := range set {
		out = append(out, p)
	}
	sort.Strings(out)
	return out
}
