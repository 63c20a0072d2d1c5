//go:build tools

// The version of Prometheus that prometheus_server.sh builds stands in go.mod.
package tools

import _ "github.com/prometheus/prometheus/cmd/prometheus"
