package main

import (
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

func init() {
	const kind = "HostDateTimeSystem"
	compute(kind, "dateTimeInfo", func(c *call, ref types.ManagedObjectReference) interface{} {
		return hostOf[ref.Value].Config.DateTimeInfo
	})
	on(kind, "UpdateDateTimeConfig", func(c *call, r *types.UpdateDateTimeConfig) (interface{}, error) {
		h := hostFor(c)
		if h.Config.DateTimeInfo == nil {
			h.Config.DateTimeInfo = &types.HostDateTimeInfo{TimeZone: types.HostDateTimeSystemTimeZone{Key: "UTC", Name: "UTC", Description: "UTC"}}
		}
		if n := r.Config.NtpConfig; n != nil {
			for _, s := range n.Server {
				if s == "" {
					return nil, invalidArgument("config.ntpConfig.server")
				}
			}
			h.Config.DateTimeInfo.NtpConfig = n
		}
		if z := r.Config.TimeZone; z != "" {
			h.Config.DateTimeInfo.TimeZone = types.HostDateTimeSystemTimeZone{Key: z, Name: z, Description: z}
		}
		return nil, nil
	})
	reader(kind, "QueryDateTime", func(c *call, _ *types.QueryDateTime) (interface{}, error) { return time.Now(), nil })
}
