package main

import "context"

func demo(ctx context.Context, f *flags) error { return nil }
