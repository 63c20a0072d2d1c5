package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

func compact(text json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		panic(err)
	}
	return out.String()
}

// One line, without escapes for HTML.
func marshal(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSpace(out.String()), err
}

// The names of the requests in the order of the file, so that recording again changes no line.
func orderOfKeys(text []byte) ([]string, error) {
	var file struct {
		Requests json.RawMessage `json:"requests"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(file.Requests))
	var names []string
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		names = append(names, name.(string))
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return nil, err
		}
	}
	return names, nil
}
