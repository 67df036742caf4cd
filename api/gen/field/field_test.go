package field

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestName(t *testing.T) {
	rows := []struct{ reason, member, want string }{
		{"a plain member begins in lower case", "TrainingJobName", "trainingJobName"},
		{"a known initialism is in capitals", "RoleArn", "roleARN"},
		{"so is its plural, but for the s", "SecurityGroupIds", "securityGroupIDs"},
		{"a leading initialism is in lower case", "KmsKeyId", "kmsKeyID"},
		{"a leading initialism stays so before another", "VpcId", "vpcID"},
		{"a word may hold digits", "S3OutputPath", "s3OutputPath"},
		{"and be followed by an initialism", "ModelDataS3Uri", "modelDataS3URI"},
		{"single capitals stand for themselves", "VolumeSizeInGB", "volumeSizeInGB"},
		{"several initialisms", "HomeEfsFileSystemKmsKeyId", "homeEFSFileSystemKMSKeyID"},
		{"an initialism is a whole word", "Identifier", "identifier"},
		{"Gb is no initialism", "DefaultEbsVolumeSizeInGb", "defaultEBSVolumeSizeInGb"},
		{"Go keywords are fine in JSON", "Type", "type"},
		{"and so is this one", "Range", "range"},
		{"capitals that only an override can part", "EFSFileSystem", "efsFileSystem"},
		{"an override in the peer's odd spelling", "FSxLustreFileSystem", "fSxLustreFileSystem"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			got, err := Name(row.member)
			require.NoError(t, err)
			require.Equal(t, row.want, got)
		})
	}
}

func TestNameRefuses(t *testing.T) {
	rows := []struct{ reason, member, want string }{
		{"where a word ends cannot be told", "HTTPEndpoint", "needs an override"},
		{"not a member's name", "endpoint-name", "not in camel case"},
		{"nor is this", "endpointName", "not in camel case"},
		{"nor an empty one", "", "not in camel case"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			_, err := Name(row.member)
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestReference(t *testing.T) {
	rows := []struct{ reason, name, want string }{
		{"without Name", "modelName", "modelRef"},
		{"without ARN", "sourceModelPackageARN", "sourceModelPackageRef"},
		{"without ID", "domainID", "domainRef"},
		{"without URL", "modelDataURL", "modelDataRef"},
		{"only at the end", "modelNameOverride", "modelNameOverrideRef"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, Reference(row.name))
		})
	}
}

func TestGo(t *testing.T) {
	require.Equal(t, "RoleARN", Go("roleARN"))
}
