"""The VLANs inside guests: interface files of Linux, read and written, and a vNIC for each VLAN."""
