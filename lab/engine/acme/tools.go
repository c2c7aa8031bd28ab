//go:build tools

// Package tools pins what is built from this module: the lab's certificate authority.
package tools

import _ "github.com/letsencrypt/pebble/v2/cmd/pebble"
