package main

import "context"

func (l *live) dashboard(ctx context.Context) error { return nil }
