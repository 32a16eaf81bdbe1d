package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// Software packages, acceptance level, kernel modules, certificate, TPM and boot device of a host.

var acceptanceLevels = map[string]bool{"vmware_certified": true, "vmware_accepted": true, "partner": true, "community": true}

func word(m map[string]interface{}, key string) string {
	if m[key] == nil {
		return ""
	}
	return fmt.Sprint(m[key])
}

func init() {
	const image = "HostImageConfigManager"
	reader(image, "HostImageConfigGetAcceptance", func(c *call, _ *types.HostImageConfigGetAcceptance) (interface{}, error) {
		return factsFor(c).Acceptance, nil
	})
	on(image, "UpdateHostImageAcceptanceLevel", func(c *call, r *types.UpdateHostImageAcceptanceLevel) (interface{}, error) {
		if !acceptanceLevels[r.NewAcceptanceLevel] {
			return nil, invalidArgument("newAcceptanceLevel")
		}
		factsFor(c).Acceptance = r.NewAcceptanceLevel
		return nil, nil
	})
	reader(image, "FetchSoftwarePackages", func(c *call, _ *types.FetchSoftwarePackages) (interface{}, error) {
		out := []types.SoftwarePackage{}
		for _, p := range factsFor(c).Packages {
			out = append(out, types.SoftwarePackage{Name: word(p, "name"), Version: word(p, "version"), Type: "bootbank", Vendor: word(p, "vendor"),
				AcceptanceLevel: word(p, "acceptance"), Summary: word(p, "name"), Description: word(p, "name"), MaintenanceModeRequired: types.NewBool(true)})
		}
		return out, nil
	})
	const modules = "HostKernelModuleSystem"
	reader(modules, "QueryModules", func(c *call, _ *types.QueryModules) (interface{}, error) {
		out := []types.KernelModuleInfo{}
		for i, m := range factsFor(c).Modules {
			out = append(out, types.KernelModuleInfo{Id: int32(i + 1), Name: word(m, "name"), Version: word(m, "version"), Filename: "/usr/lib/vmware/vmkmod/" + word(m, "name"),
				OptionString: word(m, "options"), Loaded: true, Enabled: true, UseCount: 1})
		}
		return out, nil
	})
	reader(modules, "QueryConfiguredModuleOptionString", func(c *call, r *types.QueryConfiguredModuleOptionString) (interface{}, error) {
		for _, m := range factsFor(c).Modules {
			if word(m, "name") == r.Name {
				return word(m, "options"), nil
			}
		}
		return nil, notFound(r.Name)
	})
	compute("HostCertificateManager", "certificateInfo", func(c *call, ref types.ManagedObjectReference) interface{} {
		return certificate(facts[hostOf[ref.Value].Self.Value])
	})
	on("HostCertificateManager", "InstallServerCertificate", func(c *call, r *types.InstallServerCertificate) (interface{}, error) {
		return nil, installCertificate(factsFor(c), []byte(r.Cert))
	})
	reader("HostSystem", "QueryTpmAttestationReport", func(c *call, _ *types.QueryTpmAttestationReport) (interface{}, error) {
		if !factsFor(c).TpmReport {
			return nil, nil
		}
		digest := types.HostTpmDigestInfo{PcrNumber: 0}
		digest.DigestMethod = "SHA256"
		for i := 0; i < 32; i++ {
			digest.DigestValue = append(digest.DigestValue, byte(i))
		}
		return types.HostTpmAttestationReport{TpmPcrValues: []types.HostTpmDigestInfo{digest}, TpmLogReliable: true}, nil
	})
	reader("HostBootDeviceSystem", "QueryBootDevices", func(c *call, _ *types.QueryBootDevices) (interface{}, error) {
		device := factsFor(c).BootDevice
		if device == "" {
			device = "t10.NVMe____Dell_BOSS"
		}
		return types.HostBootDeviceInfo{BootDevices: []types.HostBootDevice{{Key: device, Description: device}}, CurrentBootDeviceKey: device}, nil
	})
	compute("HostAuthenticationManager", "info", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.AuthenticationManagerInfo
	})
	compute("HostSnmpSystem", "configuration", func(c *call, ref types.ManagedObjectReference) interface{} {
		return types.HostSnmpConfigSpec{Enabled: types.NewBool(false)}
	})
}

// began dates the certificates: they stay the same however often they are read.
var began = time.Now().Truncate(time.Second)

func certificate(f *hostFacts) interface{} {
	if f == nil || f.Certificate == nil {
		return nil
	}
	day := func(key string) *time.Time {
		n, _ := f.Certificate[key].(float64)
		t := began.Add(time.Duration(n * 24 * float64(time.Hour)))
		return &t
	}
	return &types.HostCertificateManagerCertificateInfo{Issuer: word(f.Certificate, "issuer"), Subject: word(f.Certificate, "subject"),
		NotBefore: day("not_before_days"), NotAfter: day("not_after_days"), Status: word(f.Certificate, "status")}
}

// installCertificate takes what an authority signed. The key stays unread: no client ever sees it.
func installCertificate(f *hostFacts, text []byte) error {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return fail(&types.HostConfigFault{}, "The certificate is not in PEM form.")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fail(&types.HostConfigFault{}, "The certificate cannot be read: "+err.Error())
	}
	days := func(t time.Time) float64 { return t.Sub(began).Hours() / 24 }
	status := "good"
	switch left := days(cert.NotAfter); {
	case left < 0:
		status = "expired"
	case left < 60:
		status = "expiringShortly"
	}
	f.Certificate = map[string]interface{}{"issuer": cert.Issuer.String(), "subject": cert.Subject.String(),
		"not_before_days": days(cert.NotBefore), "not_after_days": days(cert.NotAfter), "status": status}
	return nil
}
