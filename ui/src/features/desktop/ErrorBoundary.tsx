import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
  fallback(error: Error): ReactNode;
  children: ReactNode;
}

/** Keeps what breaks inside from taking the rest of the desktop with it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(cause: unknown): { error: Error } {
    return { error: cause instanceof Error ? cause : new Error(String(cause)) };
  }

  override render(): ReactNode {
    return this.state.error ? this.props.fallback(this.state.error) : this.props.children;
  }
}
