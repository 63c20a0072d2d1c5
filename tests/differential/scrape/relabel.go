package main

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"gopkg.in/yaml.v2"
)

type rule map[string]any

type relabelCase struct {
	Labels map[string]string `json:"labels"`
	Rule   rule              `json:"rule"`
	// What is left; null: dropped. A rule that Prometheus refuses has Refused instead.
	Output  map[string]string `json:"output"`
	Refused bool              `json:"refused,omitempty"`
}

var labelSets = []map[string]string{
	{"a": "foo", "b": "bar", "__meta_x": "1", "__meta_y_z": "two words"},
	{"a": "foo:80", "b": "foo:80", "c": "\u00dcber\nline"},
	{"__name__": "http_requests_total", "a": ""},
}

func rules() []rule {
	var all []rule
	expressions := []string{"(.*)", "f(o+).*", "(?P<first>[a-z]+)[:;](.*)", "foo|bar", "", "(f)(x)?.*", "__meta_(.+)", "[a-z]", ".+;.*"}
	sources := [][]string{{"a"}, {"a", "b"}, {"none"}, {"c"}, {"__name__"}}
	for _, expression := range expressions {
		for _, source := range sources {
			for _, action := range []string{"keep", "drop"} {
				all = append(all, rule{"action": action, "source_labels": source, "regex": expression})
			}
			for _, replacement := range []string{"$1", "x-${1}y", "$first", "$1y", "$$", "${2", "$", "fixed", ""} {
				all = append(all, rule{"source_labels": source, "regex": expression, "target_label": "t", "replacement": replacement})
			}
		}
		for _, action := range []string{"labeldrop", "labelkeep"} {
			all = append(all, rule{"action": action, "regex": expression})
		}
		for _, replacement := range []string{"$1", "m_$1", "${1}_n"} {
			all = append(all, rule{"action": "labelmap", "regex": expression, "replacement": replacement})
		}
		all = append(all, rule{"source_labels": []string{"a"}, "regex": expression, "target_label": "t_${1}", "replacement": "v"},
			rule{"source_labels": []string{"a"}, "regex": expression, "target_label": "$1"})
	}
	for _, source := range sources {
		for _, action := range []string{"lowercase", "uppercase", "keepequal", "dropequal"} {
			all = append(all, rule{"action": action, "source_labels": source, "target_label": "b"})
		}
		for _, modulus := range []int{1, 7, 1000} {
			all = append(all, rule{"action": "HashMod", "source_labels": source, "target_label": "t", "modulus": modulus, "separator": "|"})
		}
	}
	return append(all, rule{"action": "hashmod", "target_label": "t"}, rule{"action": "replace"}, rule{"action": "none"},
		rule{"action": "labeldrop", "source_labels": []string{"a"}}, rule{"action": "keepequal", "target_label": "b", "regex": "x"},
		rule{"action": "lowercase", "target_label": "b", "replacement": "x"}, rule{"regex": "(", "target_label": "t"},
		rule{"action": "labelmap", "regex": "a", "replacement": ""})
}

func relabelCases() []relabelCase {
	var cases []relabelCase
	for _, one := range rules() {
		for _, set := range labelSets {
			made := relabelCase{Labels: set, Rule: one}
			text, err := yaml.Marshal(one)
			if err != nil {
				panic(err)
			}
			var config relabel.Config
			if err := yaml.Unmarshal(text, &config); err != nil {
				made.Refused = true
				cases = append(cases, made)
				break
			}
			if left, keep := relabel.Process(labels.FromMap(set), &config); keep {
				made.Output = left.Map()
			}
			cases = append(cases, made)
		}
	}
	return cases
}
