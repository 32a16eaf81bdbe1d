package main

import (
	"fmt"
	"math/rand"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// The bench estate: many hosts and guests beside the inventory, each different, made from the inventory's first host and guest.

const benchClusterHosts = 20

type benchMaker struct {
	random      *rand.Rand
	host, guest objectShape
	datacenter  types.ManagedObjectReference
}

type shape = map[string]interface{}

// bench adds HOSTS,GUESTS,SEED objects in a datacenter of their own.
func bench(estate *estateFileShape, spec string) error {
	var hosts, guests int
	var seed int64
	if _, err := fmt.Sscanf(spec, "%d,%d,%d", &hosts, &guests, &seed); err != nil || hosts < 1 {
		return fmt.Errorf("-bench wants HOSTS,GUESTS,SEED, got %q", spec)
	}
	b := &benchMaker{random: rand.New(rand.NewSource(seed))}
	for _, o := range estate.Objects {
		switch {
		case b.host.Ref == "" && strings.HasPrefix(o.Ref, "HostSystem:"):
			b.host = o
		case b.guest.Ref == "" && strings.HasPrefix(o.Ref, "VirtualMachine:"):
			b.guest = o
		}
	}
	folders := b.place(estate)
	names := make([]string, hosts)
	of := make([][]interface{}, hosts)
	for i := range names {
		names[i] = fmt.Sprintf("HostSystem:bench-host-%d", i)
	}
	for i := 0; i < guests; i++ {
		at := i % hosts
		ref := fmt.Sprintf("VirtualMachine:bench-vm-%d", i)
		b.put(objectShape{Ref: ref, Props: b.guestProps(i, names[at], folders["vm"])})
		of[at] = append(of[at], ref)
	}
	for first := 0; first < hosts; first += benchClusterHosts {
		last := first + benchClusterHosts
		if last > hosts {
			last = hosts
		}
		b.cluster(first/benchClusterHosts, names[first:last], of[first:last], first, folders["host"])
	}
	all := []interface{}{}
	for _, list := range of {
		all = append(all, list...)
	}
	b.put(objectShape{Ref: folders["vm"], Props: shape{"name": "vm", "parent": "Datacenter:bench-dc", "childEntity": all}})
	reportProblems()
	return nil
}

func (b *benchMaker) put(o objectShape) {
	create(parseRef(o.Ref))
	o.apply()
}

// place makes the datacenter and its folders.
func (b *benchMaker) place(estate *estateFileShape) map[string]string {
	folders := map[string]string{}
	props := shape{"name": "Bench Datacenter", "parent": "Folder:" + rootRef().Value}
	for _, kind := range []string{"vm", "host", "datastore", "network"} {
		folders[kind] = "Folder:bench-" + kind
		props[kind+"Folder"] = folders[kind]
		b.put(objectShape{Ref: folders[kind], Props: shape{"name": kind, "parent": "Datacenter:bench-dc"}})
	}
	b.put(objectShape{Ref: "Datacenter:bench-dc", Props: props})
	root, _ := find[*simulator.Folder](rootRef())
	root.ChildEntity = append(root.ChildEntity, types.ManagedObjectReference{Type: "Datacenter", Value: "bench-dc"})
	return folders
}

func (b *benchMaker) cluster(n int, hosts []string, guests [][]interface{}, first int, folder string) {
	ref, pool := fmt.Sprintf("ClusterComputeResource:bench-c%d", n), fmt.Sprintf("ResourcePool:bench-pool%d", n)
	refs, vms := []interface{}{}, []interface{}{}
	for i, h := range hosts {
		refs = append(refs, h)
		vms = append(vms, guests[i]...)
		b.put(objectShape{Ref: h, Props: b.hostProps(first+i, ref, guests[i]), Lab: b.host.Lab})
	}
	b.put(objectShape{Ref: ref, Props: shape{"name": fmt.Sprintf("Bench Cluster %d", n), "parent": folder, "host": refs, "resourcePool": pool}})
	b.put(objectShape{Ref: pool, Props: shape{"name": "Resources", "parent": ref, "owner": ref, "vm": vms}})
	for _, v := range vms {
		vm, _ := find[*simulator.VirtualMachine](parseRef(v.(string)))
		at := parseRef(pool)
		vm.ResourcePool = &at
	}
	f, _ := find[*simulator.Folder](parseRef(folder))
	f.ChildEntity = append(f.ChildEntity, parseRef(ref))
}

// with copies a JSON object and sets members.
func with(from interface{}, set shape) shape {
	out := shape{}
	if m, ok := from.(shape); ok {
		for k, v := range m {
			out[k] = v
		}
	}
	for k, v := range set {
		out[k] = v
	}
	return out
}

func (b *benchMaker) hostProps(i int, parent string, guests []interface{}) shape {
	name := fmt.Sprintf("bench%04d.fw.belnet.be", i)
	config, summary := b.host.Props["config"].(shape), b.host.Props["summary"].(shape)
	services := []interface{}{}
	for _, s := range config["service"].(shape)["service"].([]interface{}) {
		services = append(services, with(s, shape{"running": b.random.Intn(5) == 0}))
	}
	options := []interface{}{}
	for _, o := range config["option"].([]interface{}) {
		row := o.(shape)
		if text, ok := row["value"].(string); ok && b.random.Intn(6) == 0 {
			row = with(row, shape{"value": text + fmt.Sprintf(" (%d)", b.random.Intn(100))})
		}
		options = append(options, row)
	}
	return with(b.host.Props, shape{"name": name, "parent": parent, "vm": guests,
		"config":  with(config, shape{"service": shape{"service": services}, "option": options}),
		"summary": with(summary, shape{"config": with(summary["config"], shape{"name": name})})})
}

func (b *benchMaker) guestProps(i int, host, folder string) shape {
	name := fmt.Sprintf("bench-%05d", i)
	config, summary := b.guest.Props["config"].(shape), b.guest.Props["summary"].(shape)
	hardware := config["hardware"].(shape)
	memory := float64(int64(512) << uint(b.random.Intn(6)))
	on := b.random.Intn(10) > 0
	power := "poweredOff"
	if on {
		power = "poweredOn"
	}
	runtime := with(b.guest.Props["runtime"], shape{"host": host, "powerState": power})
	return with(b.guest.Props, shape{"name": name, "parent": folder, "runtime": runtime,
		"config": with(config, shape{"name": name, "annotation": fmt.Sprintf("bench guest %d, owner %d", i, b.random.Intn(50)),
			"uuid": b.uuid(), "instanceUuid": b.uuid(), "extraConfig": b.extraConfig(config["extraConfig"].([]interface{})),
			"hardware": with(hardware, shape{"memoryMB": memory, "numCPU": float64(1 + b.random.Intn(8)), "device": b.devices(name, hardware["device"].([]interface{}))})}),
		"summary": with(summary, shape{"runtime": runtime, "config": with(summary["config"], shape{"name": name, "memorySizeMB": memory})})})
}

func (b *benchMaker) uuid() string {
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", b.random.Uint32(), b.random.Intn(1<<16), b.random.Intn(1<<16), b.random.Intn(1<<16), b.random.Int63n(1<<48))
}

// extraConfig gives at least 60 keys, the values different from guest to guest.
func (b *benchMaker) extraConfig(base []interface{}) []interface{} {
	out := append([]interface{}(nil), base...)
	for n := 0; len(out) < 60+b.random.Intn(15); n++ {
		value := fmt.Sprint(b.random.Intn(1 << 20))
		if b.random.Intn(3) == 0 {
			value = [2]string{"TRUE", "FALSE"}[b.random.Intn(2)]
		}
		out = append(out, shape{"_type": "OptionValue", "key": fmt.Sprintf("%s.%d", benchKeys[n%len(benchKeys)], n), "value": value})
	}
	return out
}

var benchKeys = []string{"pciBridge4.functions", "ethernet0.pciSlotNumber", "scsi0.sasWWID", "vmci0.id", "sched.swap.derivedName", "guestinfo.detail",
	"numa.autosize.cookie", "hpet0.present", "monitor.phys_bits_used", "toolsInstallManager.updateCounter"}

// devices gives at least 20 devices.
func (b *benchMaker) devices(name string, base []interface{}) []interface{} {
	out := append([]interface{}(nil), base...)
	for n := 0; len(out) < 20+b.random.Intn(6); n++ {
		if n%3 == 2 {
			out = append(out, shape{"_type": "VirtualVmxnet3", "key": float64(4010 + n), "controllerKey": 100.0, "unitNumber": float64(10 + n), "addressType": "assigned",
				"macAddress": fmt.Sprintf("00:50:56:%02x:%02x:%02x", b.random.Intn(64), b.random.Intn(256), b.random.Intn(256)),
				"backing":    shape{"_type": "VirtualEthernetCardNetworkBackingInfo", "deviceName": fmt.Sprintf("Net %d", b.random.Intn(40))},
				"deviceInfo": shape{"_type": "Description", "label": fmt.Sprintf("Network adapter %d", n), "summary": "bench"}})
			continue
		}
		out = append(out, shape{"_type": "VirtualDisk", "key": float64(2010 + n), "controllerKey": 1000.0, "unitNumber": float64(1 + n),
			"capacityInKB": float64(int64(1+b.random.Intn(400)) << 20),
			"backing":      shape{"_type": "VirtualDiskFlatVer2BackingInfo", "fileName": fmt.Sprintf("[bench] %s/%s_%d.vmdk", name, name, n), "diskMode": "persistent", "thinProvisioned": true},
			"deviceInfo":   shape{"_type": "Description", "label": fmt.Sprintf("Hard disk %d", n+2), "summary": "bench"}})
	}
	return out
}
