// Renders a chart's templates with Helm's own parts: Go's text/template, Sprig's functions, YAML. It has the objects and functions of
// Helm that our chart uses and no others: a template that uses more is an error here.
// Usage: render-chart CHART RELEASE NAMESPACE < VALUES, with all values in YAML.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

type files struct{ folder string }

func (f files) Get(name string) string {
	return string(must(os.ReadFile(filepath.Join(f.folder, name))))
}

func read(text []byte) map[string]interface{} {
	found := map[string]interface{}{}
	must(0, yaml.Unmarshal(text, &found))
	return found
}

func main() {
	chart, release, namespace := os.Args[1], os.Args[2], os.Args[3]
	functions := sprig.TxtFuncMap()
	functions["toYaml"] = func(value interface{}) string {
		return strings.TrimSuffix(string(must(yaml.Marshal(value))), "\n")
	}
	functions["fromYaml"] = func(text string) map[string]interface{} { return read([]byte(text)) }
	about := read(must(os.ReadFile(filepath.Join(chart, "Chart.yaml"))))
	dot := map[string]interface{}{
		"Values":  read(must(io.ReadAll(os.Stdin))),
		"Chart":   map[string]interface{}{"AppVersion": about["appVersion"], "Version": about["version"]},
		"Release": map[string]interface{}{"Name": release, "Namespace": namespace},
		"Files":   files{chart},
	}
	for _, path := range must(filepath.Glob(filepath.Join(chart, "templates", "*"))) {
		parsed := must(template.New(path).Option("missingkey=zero").Funcs(functions).Parse(string(must(os.ReadFile(path)))))
		fmt.Printf("--- # %s\n", filepath.Base(path))
		must(0, parsed.Execute(os.Stdout, dot))
		fmt.Println()
	}
}
