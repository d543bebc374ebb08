// Reads a compose file as compose itself does (the specification's own library: schema, interpolation, merges, references
// between services) and prints the project of each profile as JSON. Ends with 1 and the library's words where it is wrong.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: validator FILE [PROFILE...]")
		os.Exit(2)
	}
	projects := map[string]any{}
	for _, profile := range os.Args[2:] {
		// No variable of this machine: the file must stand by its defaults.
		options, err := cli.NewProjectOptions([]string{os.Args[1]}, cli.WithProfiles([]string{profile}), cli.WithEnv([]string{}))
		if err != nil {
			fail(err)
		}
		project, err := options.LoadProject(context.Background())
		if err != nil {
			fail(err)
		}
		if err := project.CheckContainerNameUnicity(); err != nil {
			fail(err)
		}
		projects[profile] = project
	}
	if err := json.NewEncoder(os.Stdout).Encode(projects); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
