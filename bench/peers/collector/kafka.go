//go:build kafka

package main

import "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/kafkaexporter"

func init() {
	exporters = append(exporters, kafkaexporter.NewFactory())
}
