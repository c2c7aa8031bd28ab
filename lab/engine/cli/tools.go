//go:build tools

// Package tools pins what is built from this module: Pulumi's command line.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
