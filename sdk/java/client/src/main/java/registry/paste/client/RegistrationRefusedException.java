package registry.paste.client;

/** The registry refuses a registration, and will again: what is registered, or the token, has to change. */
public final class RegistrationRefusedException extends RegistryException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;

    RegistrationRefusedException(String service, int status, String code, String detail) {
        super("the registry refuses to register " + service + " (" + (code.isEmpty() ? status : code) + "): " + detail);
        this.status = status;
        this.code = code;
    }

    /**
     * The HTTP status of the answer.
     *
     * @return 400, 401, 403, 409, 413 or 422
     */
    public int status() {
        return status;
    }

    /**
     * The stable word for what is wrong.
     *
     * @return such as {@code invalid-field}; empty where the registry said none
     */
    public String code() {
        return code;
    }
}
