import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';
import { readSession, type Session, signIn, signOut } from './session.ts';

export interface SignedIn {
  /** Null until the server was asked. */
  readonly session: Session | null;
  /** Grows with each sign-in and sign-out: from then on other answers may come. */
  readonly generation: number;
  /** Why the last attempt failed. */
  readonly problem: string | null;
  readonly signIn: (key: string, isKept: boolean) => Promise<void>;
  readonly signOut: () => Promise<void>;
}

/** Who is signed in. The secret is in a cookie that no script reads; here is only what the server says about it. */
export function useSession(): SignedIn {
  const [session, setSession] = useState<Session | null>(null);
  const [generation, setGeneration] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    // Where it cannot be asked, the questions for numbers say so.
    readSession().then(setSession, () => undefined);
  }, [generation]);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      setProblem(null);
      setGeneration((before) => before + 1);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  return {
    session,
    generation,
    problem,
    signIn: (key, isKept) => attempt(() => signIn(key, isKept)),
    async signOut() {
      await attempt(signOut);
      setSession((before) => (before === null ? null : { ...before, signed_in: null }));
    },
  };
}
