package main

import (
	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Remote consoles: tickets leave events; open connections are counted and can be dropped.

type console struct{ label, client, user string }

var consoles = map[string][]console{} // by guest reference value

func init() {
	const kind = "VirtualMachine"
	on(kind, "AcquireTicket", func(c *call, r *types.AcquireTicket) (interface{}, error) {
		if r.TicketType != "mks" && r.TicketType != "webmks" && r.TicketType != "device" {
			return nil, invalidArgument("ticketType")
		}
		if err := consoleAllowed(c); err != nil {
			return nil, err
		}
		return types.VirtualMachineTicket{Ticket: uuid.New().String(), CfgFile: guest(c).Config.Files.VmPathName, Host: "127.0.0.1", Port: 902}, nil
	})
	on(kind, "AcquireMksTicket", func(c *call, _ *types.AcquireMksTicket) (interface{}, error) {
		if err := consoleAllowed(c); err != nil {
			return nil, err
		}
		return types.VirtualMachineMksTicket{Ticket: uuid.New().String(), CfgFile: guest(c).Config.Files.VmPathName, Host: "127.0.0.1", Port: 902}, nil
	})
	reader(kind, "QueryConnections", func(c *call, _ *types.QueryConnections) (interface{}, error) {
		out := []types.BaseVirtualMachineConnection{}
		for _, x := range consoles[c.this.Value] {
			out = append(out, &types.VirtualMachineMksConnection{VirtualMachineConnection: types.VirtualMachineConnection{Label: x.label, Client: x.client, UserName: x.user}})
		}
		return out, nil
	})
	on(kind, "DropConnections", func(c *call, r *types.DropConnections) (interface{}, error) {
		wanted := map[string]bool{}
		for _, x := range r.ListOfConnections {
			wanted[x.GetVirtualMachineConnection().Label] = true
		}
		var keep []console
		for _, x := range consoles[c.this.Value] {
			if len(wanted) > 0 && !wanted[x.label] {
				keep = append(keep, x)
			}
		}
		consoles[c.this.Value] = keep
		countConsoles(guest(c))
		return true, nil
	})
	// console opens a connection as a user's client would: {"guest", "user", "client"}
	controls["console"] = func(in map[string]interface{}, _ []byte) interface{} {
		ref := byName("VirtualMachine", in["guest"].(string))
		vm, _ := find[*simulator.VirtualMachine](ref)
		x := console{label: uuid.New().String(), client: word(in, "client"), user: word(in, "user")}
		consoles[ref.Value] = append(consoles[ref.Value], x)
		countConsoles(vm)
		e := &types.VmRemoteConsoleConnectedEvent{VmEvent: vmEvent(vm, "A remote console connected to "+vm.Name)}
		e.UserName = x.user
		post(e)
		return x.label
	}
}

func consoleAllowed(c *call) error {
	vm := guest(c)
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return fail(&types.InvalidPowerState{RequestedState: "poweredOn", ExistingState: vm.Runtime.PowerState}, "The guest is not powered on.")
	}
	postAs(c, &types.VmAcquiredMksTicketEvent{VmEvent: vmEvent(vm, "A ticket for "+vm.Name+" was acquired")})
	return nil
}

func countConsoles(vm *simulator.VirtualMachine) {
	vm.Runtime.NumMksConnections = int32(len(consoles[vm.Self.Value]))
	vm.Summary.Runtime.NumMksConnections = vm.Runtime.NumMksConnections
}
