//go:build !linux

package cluster

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

func supported() error {
	return fmt.Errorf("the bench runs on Linux only, this is %s", runtime.GOOS)
}

func tiedToParent() *syscall.SysProcAttr { return nil }

func killGroup(int) {}

func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }

func freeDisk(string) (uint64, error) { return 0, errors.ErrUnsupported }
