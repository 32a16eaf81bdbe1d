#Requires -RunAsAdministrator
# Rule set office: inbound. Only allows: what they do not name is blocked by the default of the profiles.
$ErrorActionPreference = 'Stop'
$group = 'viguard office inbound'
Get-NetFirewallRule -Group $group -ErrorAction SilentlyContinue | Remove-NetFirewallRule
$rule = @{ Group = $group; Direction = 'Inbound'; Action = 'Allow'; Profile = 'Any' }
New-NetFirewallRule @rule -DisplayName 'v4 2.1 shop.u000a. no ip access-list .x. .' -Protocol TCP -RemoteAddress '10.1.0.0-10.1.0.65','10.1.0.67-10.1.0.255' -LocalAddress '10.2.0.9' -LocalPort '443' | Out-Null
New-NetFirewallRule @rule -DisplayName 'v4 3.1 names' -Protocol UDP -RemoteAddress '10.1.0.0-10.1.0.65','10.1.0.67-10.1.0.255' -LocalAddress '10.2.0.53' -LocalPort '53' | Out-Null
New-NetFirewallRule @rule -DisplayName 'v4 3.2 names' -Protocol TCP -RemoteAddress '10.1.0.0-10.1.0.65','10.1.0.67-10.1.0.255' -LocalAddress '10.2.0.53' -LocalPort '53' | Out-Null
New-NetFirewallRule @rule -DisplayName 'v4 4.1' -Protocol TCP -RemoteAddress '10.1.0.10-10.1.0.12' -LocalAddress '10.2.0.0/24' -LocalPort '8000-8010' | Out-Null
New-NetFirewallRule @rule -DisplayName 'v4 5.1 echo' -Protocol ICMPv4 -RemoteAddress '10.1.0.0-10.1.0.65','10.1.0.67-10.1.0.255' -IcmpType '8' | Out-Null
New-NetFirewallRule @rule -DisplayName 'v6 1.1 shop' -Protocol TCP -RemoteAddress '2001:db8:1::/64' -LocalAddress '2001:db8:2::9' -LocalPort '443' | Out-Null
New-NetFirewallRule @rule -DisplayName 'v6 2.1 echo' -Protocol ICMPv6 -RemoteAddress '2001:db8:1::/64' -IcmpType '128' | Out-Null
Set-NetFirewallProfile -Profile Domain,Private,Public -Enabled True -DefaultInboundAction Block -AllowInboundRules True
