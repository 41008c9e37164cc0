/** Asks before something that can't be undone. Resolves with false unless the person chose `yes`, also if WeChat shows no dialog. */
export const isConfirmed = (question: string, { yes, no }: { yes: string, no: string }): Promise<boolean> => new Promise((resolve) => {
  wx.showModal({
    content: question,
    confirmText: yes,
    cancelText: no,
    success: ({ confirm }) => resolve(confirm),
    fail: () => resolve(false),
  })
})
