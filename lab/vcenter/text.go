package main

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

func lastDot(s string) int { return strings.LastIndexByte(s, '.') }

func containsText(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
