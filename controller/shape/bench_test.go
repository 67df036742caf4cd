package shape_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// everything is a training job's request with no member left out.
func everything(b *testing.B) shape.Tree {
	b.Helper()
	return newRandom(1).tree(b, schemaOf(b, new(sagemaker.CreateTrainingJobInput)))
}

func BenchmarkToTree(b *testing.B) {
	in := new(sagemaker.CreateTrainingJobInput)
	require.NoError(b, shape.Fill(everything(b), in))
	b.ReportAllocs()
	for b.Loop() {
		shape.ToTree(in)
	}
}

func BenchmarkFill(b *testing.B) {
	tree := everything(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := shape.Fill(tree, new(sagemaker.CreateTrainingJobInput)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUncovered(b *testing.B) {
	tree := everything(b)
	b.ReportAllocs()
	for b.Loop() {
		if d := shape.Uncovered(tree, tree); len(d) > 0 {
			b.Fatal(d)
		}
	}
}
